/* The floor: the least that any program must do for what Mainstay does.
 *
 *   floor steps N APPENDS FILE   spawn and wait for /bin/true N times, its output through a pipe, and append
 *                                300 bytes durably to FILE so many times after each
 *   floor serve                  answer every HTTP request on kept connections; the port is the first line
 *
 * Built and used by `benches/compare`. Does nothing that a step could do without.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void need(int ok, const char *what) {
  if (!ok) {
    perror(what);
    exit(1);
  }
}

static void step(void) {
  int ends[2], status;
  char buffer[4096];
  pid_t child;
  posix_spawn_file_actions_t files;
  char *argv[] = {"/bin/true", NULL};
  need(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], 1);
  need(posix_spawn(&child, argv[0], &files, NULL, argv, environ) == 0, "posix_spawn");
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  while (read(ends[0], buffer, sizeof buffer) > 0) {
  }
  close(ends[0]);
  need(waitpid(child, &status, 0) == child && status == 0, "waitpid");
}

static int steps(int count, int appends, const char *path) {
  char record[300];
  memset(record, 'x', sizeof record);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  need(file >= 0, path);
  for (int n = 0; n < count; n++) {
    step();
    for (int append = 0; append < appends; append++) {
      need(write(file, record, sizeof record) == sizeof record, "write");
      need(fdatasync(file) == 0, "fdatasync");
    }
  }
  return 0;
}

static void answer(int client) {
  static const char reply[] =
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nok\n";
  char buffer[16384];
  size_t held = 0;
  for (;;) {
    ssize_t count = read(client, buffer + held, sizeof buffer - 1 - held);
    if (count <= 0) return;
    held += (size_t)count;
    buffer[held] = 0;
    if (strstr(buffer, "\r\n\r\n") == NULL) continue;
    held = 0;
    if (write(client, reply, sizeof reply - 1) < 0) return;
  }
}

static int serve(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  signal(SIGCHLD, SIG_IGN);
  need(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 64) == 0, "listen");
  need(getsockname(listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int client = accept(listener, NULL, NULL);
    need(client >= 0, "accept");
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fork() == 0) {
      answer(client);
      _exit(0);
    }
    close(client);
  }
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "steps") == 0) return steps(atoi(argv[2]), atoi(argv[3]), argv[4]);
  if (argc == 2 && strcmp(argv[1], "serve") == 0) return serve();
  fprintf(stderr, "usage: floor steps N APPENDS FILE | floor serve\n");
  return 2;
}
