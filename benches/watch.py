"""What a run costs while it goes on: memory and processor time of mainstay and its supervisor, never of its commands."""

import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path


def ours(pid):
    """Returns the run's own processes: mainstay, and its supervisor once it is there."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def commands(pids):
    """Returns what the supervisor runs now."""
    return [child for pid in pids[1:] for child in ours(pid)[1:]]


def peak(pid):
    """Returns the largest memory so far, in MB; pages that our processes share, as the program's text, count once."""
    now, shared = Path(f"/proc/{pid}/status"), Path(f"/proc/{pid}/smaps_rollup")
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for path in (now, shared)
                 for line in path.read_text().splitlines() if line.startswith(("VmHWM:", "VmRSS:", "Pss:"))}
    return (kilobytes["Pss"] + kilobytes["VmHWM"] - kilobytes["VmRSS"]) / 1024


def spent(pid):
    """Returns the processor time of all threads so far, in ms."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def wait_for_sleep(pid):
    """Waits until the run's command is `sleep`."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for command in commands(ours(pid)):
            if Path(f"/proc/{command}/comm").read_text().strip() == "sleep":
                return
        time.sleep(0.02)
    sys.exit("benches/compare: the run's `sleep` never began")


def memory(argv, env):
    """Returns the peak memory of all our processes, in MB, taken while the last step sleeps."""
    run = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_for_sleep(run.pid)
    peaks = sum(map(peak, ours(run.pid)))
    run.wait()
    return peaks


def resting(argv, env, seconds, terminal):
    """Returns the processor time that our processes take while a step sleeps, in ms in ten seconds."""
    if terminal:
        ours_end, end = pty.openpty()
        env = {**env, "TERM": "xterm-256color"}
        run = subprocess.Popen(argv, env=env, stdin=end, stdout=end, stderr=end, start_new_session=True)
        os.close(end)
        threading.Thread(target=drain, args=[ours_end], daemon=True).start()
    else:
        run = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_for_sleep(run.pid)
    time.sleep(0.3)
    pids = ours(run.pid)
    before = sum(map(spent, pids))
    time.sleep(seconds)
    after = sum(map(spent, pids))
    run.wait()
    return (after - before) * 10 / seconds


def drain(fd):
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        # The other end was closed.
        os.close(fd)
