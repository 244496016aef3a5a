//! What is known of programs: with which words they change something.
//!
//! Owns the table, data only: lists are words between blanks. A program that is not here is taken to read, so an entry
//! must hardly ever read: a false alarm costs more trust than one that is missing.

use Changes::{Always, Anywhere, Operands, Options, Second, SecondBegins, Sql, Words};

/// A program, and what says that it changes something.
#[derive(Debug)]
pub(super) struct Tool {
    pub names: &'static str,
    /// Options whose argument is the word behind them.
    pub takes: &'static str,
    /// Options with which it changes nothing.
    pub unless: &'static str,
    pub changes: Changes,
}

/// When a program changes something. Operands are words that are no options, compared in lower case.
#[derive(Debug)]
pub(super) enum Changes {
    Always,
    /// With any operand.
    Operands,
    /// The first operand is one of these; `a/b`: the first two are these.
    Words(&'static str),
    /// The second one is.
    Second(&'static str),
    /// The second one begins with one of these; a query is none.
    SecondBegins(&'static str),
    /// Any of them is.
    Anywhere(&'static str),
    /// One of these options is given; `-i*`: one that begins so.
    Options(&'static str),
    /// A statement that changes something stands behind one of these options, or without any among the operands.
    Sql(&'static str),
}

/// Options that say that nothing is done, of any program.
pub(super) const HARMLESS: &str =
    "--dry-run --dryrun --help --version --simulate --noop --just-print --assumeno";

/// First words of statements of SQL that change something.
pub(super) const STATEMENTS: &str = "insert update delete merge drop truncate alter create grant revoke reindex vacuum \
    cluster refresh kill replace";

/// Functions of PostgreSQL with which a `SELECT` changes something.
pub(super) const FUNCTIONS: &str = "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_promote pg_switch_wal \
    pg_drop_replication_slot pg_wal_replay_pause pg_wal_replay_resume setval";

const fn tool(names: &'static str, changes: Changes) -> Tool {
    Tool { names, takes: "", unless: "", changes }
}

const fn taking(names: &'static str, takes: &'static str, changes: Changes) -> Tool {
    Tool { names, takes, unless: "", changes }
}

const fn unless(names: &'static str, unless: &'static str, changes: Changes) -> Tool {
    Tool { names, takes: "", unless, changes }
}

const KUBECTL: &str = "-n --namespace --context --kubeconfig --cluster -s --server --as --user --token --request-timeout -f \
    --filename -l --selector -o --output";
const DOCKER: &str = "-H --host -c --context --config -l --log-level -f --file -p --project-name";

pub(super) const TOOLS: &[Tool] = &[
    // Files and file systems.
    tool(
        "rm rmdir mv cp ln mkdir touch truncate shred unlink install chattr setfacl chmod chown chgrp",
        Always,
    ),
    unless("rsync", "-n --list-only", Always),
    tool("mkfs mkswap wipefs", Always),
    unless(
        "lvcreate lvremove lvextend lvreduce vgcreate vgremove vgextend pvcreate pvremove",
        "-t --test",
        Always,
    ),
    unless("umount", "--fake", Always),
    tool("swapoff fallocate", Always),
    unless("swapon", "-s --summary --show", Operands),
    Tool { names: "mount", takes: "-t --types -o --options", unless: "-l --fake -f", changes: Operands },
    tool("tee", Operands),
    tool("sed gsed", Options("-i* -ni -Ei -ri --in-place")),
    tool("perl", Options("-i* -pi* -ni*")),
    tool("find gfind", Options("-delete")),
    unless("logrotate", "-d --debug", Always),
    taking(
        "zfs",
        "-o -t",
        Words("create destroy rollback snapshot set rename promote mount unmount receive clone"),
    ),
    taking(
        "zpool",
        "-o",
        Words("create destroy add remove attach detach replace clear offline online scrub export"),
    ),
    // The machine and its processes.
    unless("kill", "-0 -l -L --list", Always),
    unless("pkill killall", "-0 -l --list", Always),
    tool("reboot shutdown halt poweroff useradd userdel usermod groupadd groupdel chpasswd renice", Always),
    unless("passwd", "-S --status", Always),
    tool("fuser", Options("-k --kill")),
    taking("crontab", "-u", Options("-r -e -")),
    tool("sysctl", Options("-w --write -p --system")),
    tool("date", Options("-s --set")),
    tool("timedatectl", Words("set-time set-timezone set-ntp set-local-rtc")),
    tool("hostnamectl", Words("set-hostname")),
    taking(
        "systemctl",
        "-H --host -M --machine -n --lines -o --output -p --property -t --type",
        Words(
            "start stop restart reload try-restart reload-or-restart try-reload-or-restart enable disable reenable mask \
             unmask kill isolate edit set-property set-default daemon-reload daemon-reexec reset-failed revert reboot \
             poweroff halt suspend link",
        ),
    ),
    tool("service", Second("start stop restart reload force-reload try-restart")),
    tool("supervisorctl", Words("start stop restart reload update reread clear shutdown signal")),
    tool("loginctl", Words("terminate-session terminate-user kill-session kill-user")),
    tool("journalctl", Options("--vacuum-size --vacuum-time --vacuum-files --rotate --flush")),
    unless(
        "apt-get apt aptitude dnf yum zypper apk snap",
        "-s --no-act",
        Words(
            "install remove purge upgrade dist-upgrade full-upgrade autoremove reinstall downgrade update-minimal add del \
             refresh",
        ),
    ),
    tool("dpkg", Options("-i --install -r --remove -P --purge --configure")),
    unless("rpm", "-q --query -V --verify", Options("-i* -U* -e --install --upgrade --erase")),
    tool("pip pip3 npm gem", Words("install uninstall publish ci")),
    // The network.
    tool(
        "iptables ip6tables",
        Options("-A -I -D -F -X -N -P -R -Z --append --insert --delete --flush --policy"),
    ),
    tool("iptables-restore ip6tables-restore", Always),
    tool("nft", Words("add insert delete flush replace create rename reset destroy")),
    tool("ufw", Words("allow deny reject limit delete insert enable disable reset reload")),
    tool("firewall-cmd", Options("--add-* --remove-* --reload --complete-reload --set-*")),
    tool("ipset", Words("create add del flush destroy swap rename restore")),
    tool("conntrack", Options("-D -F -I -U --delete --flush")),
    tool("ip tc", Second("add del delete set flush change replace append")),
    tool("nmcli", Second("up down modify add delete edit reload connect disconnect off on")),
    tool("nginx", Options("-s")),
    tool("apachectl apache2ctl", Words("start stop restart graceful graceful-stop")),
    tool("certbot", Words("renew certonly delete revoke run")),
    tool("postsuper", Options("-d -h -H -r")),
    tool("postqueue", Options("-f -i* -s*")),
    // Containers and clusters.
    Tool {
        names: "kubectl oc",
        takes: KUBECTL,
        unless: "--list",
        changes: Words(
            "apply create delete scale patch drain cordon uncordon edit label annotate replace taint expose autoscale set \
             rollout/restart rollout/undo rollout/pause rollout/resume config/use-context config/set config/unset \
             config/set-context config/delete-context",
        ),
    },
    taking(
        "helm",
        "-n --namespace --kube-context --kubeconfig",
        Words("install upgrade rollback uninstall delete"),
    ),
    taking(
        "docker podman nerdctl",
        DOCKER,
        Words(
            "rm stop start restart kill rmi pause unpause update rename pull push tag commit load import build \
             compose/up compose/down compose/restart compose/stop compose/start compose/rm compose/kill compose/pull \
             container/rm container/stop container/start container/restart container/kill container/prune image/rm \
             image/prune volume/rm volume/create volume/prune network/rm network/create network/prune network/connect \
             network/disconnect system/prune swarm/init swarm/leave service/create service/update service/rm \
             service/scale service/rollback stack/deploy stack/rm node/update node/rm secret/create secret/rm",
        ),
    ),
    Tool {
        names: "docker podman nerdctl",
        takes: DOCKER,
        unless: "--rm",
        changes: Words("run container/run"),
    },
    taking(
        "docker-compose podman-compose",
        DOCKER,
        Words("up down restart stop start rm kill pull create build"),
    ),
    tool("crictl", Words("stop rm rmi stopp rmp pull create start")),
    tool(
        "virsh",
        Words("start shutdown destroy reboot reset undefine suspend resume migrate setmem setvcpus"),
    ),
    taking(
        "nomad",
        "-address -namespace -region",
        Words("job/run job/stop job/revert run stop node/drain alloc/stop"),
    ),
    taking("argocd", "--server", Words("app/sync app/delete app/rollback app/set app/create")),
    tool("flux", Words("suspend resume reconcile delete create")),
    // Clouds and what describes them.
    tool(
        "terraform tofu",
        Words("apply destroy import taint untaint force-unlock state/rm state/mv state/push"),
    ),
    tool("pulumi", Words("up update destroy refresh cancel import")),
    unless("ansible-playbook", "--check -C --list-hosts --list-tasks --list-tags --syntax-check", Always),
    taking(
        "aws",
        "--region --profile --output --endpoint-url --query --ca-bundle",
        SecondBegins(
            "create- delete- put- update- terminate- start- stop- reboot- modify- attach- detach- register- deregister- \
             run- set- remove- add- associate- disassociate- revoke- authorize- release- restore- reset- replace- \
             promote- failover- enable- disable- import- tag- untag- cancel- purge- copy-",
        ),
    ),
    taking("aws", "--region --profile --output --endpoint-url", Words("s3/rm s3/mv s3/mb s3/rb s3/sync")),
    taking(
        "gcloud az",
        "--project --zone --region --format --filter --subscription -g --resource-group -n --name -o --output",
        Anywhere(
            "create delete update start stop restart reset deploy deallocate resize remove rollback failover",
        ),
    ),
    tool("gsutil", Words("rm mv mb rb rsync")),
    // Databases, queues, stores.
    Tool { names: "psql", takes: "-h -p -U -d -F -P -v -o -L -f", unless: "", changes: Sql("-c --command") },
    Tool { names: "mysql mariadb", takes: "-h -P -u -D", unless: "", changes: Sql("-e --execute") },
    Tool {
        names: "clickhouse-client cqlsh",
        takes: "-h --host -u --user -p -k",
        unless: "",
        changes: Sql("-q --query -e"),
    },
    Tool { names: "sqlite3", takes: "-cmd -init -separator -nullvalue", unless: "", changes: Sql("") },
    tool(
        "mysqladmin",
        Words("shutdown kill flush-hosts flush-logs flush-privileges flush-tables create drop reload"),
    ),
    tool("createdb dropdb createuser dropuser vacuumdb reindexdb", Always),
    unless("pg_restore", "-l --list", Always),
    taking("pg_ctl", "-D -m -t -l -o", Words("start stop restart reload promote kill logrotate initdb")),
    tool("pg_ctlcluster", Anywhere("start stop restart reload promote")),
    taking(
        "patronictl",
        "-c",
        Words("failover switchover restart reload reinit pause resume edit-config remove"),
    ),
    taking(
        "nodetool",
        "-h -p -u -pw",
        Words("repair drain flush cleanup decommission removenode assassinate compact move"),
    ),
    taking(
        "redis-cli valkey-cli",
        "-h -p -s -a -n -u --user --pass -i -r",
        Words(
            "set setex setnx mset del unlink expire pexpire persist rename incr incrby decr decrby append lpush rpush lpop \
             rpop lrem ltrim hset hmset hdel sadd srem spop zadd zrem xadd xdel xtrim flushall flushdb shutdown bgsave \
             save bgrewriteaof slaveof replicaof failover restore migrate move publish eval debug config/set \
             config/resetstat config/rewrite client/kill client/pause script/flush cluster/failover cluster/reset \
             cluster/forget cluster/meet acl/setuser acl/deluser",
        ),
    ),
    taking(
        "rabbitmqctl",
        "-n --node -p --vhost -t --timeout",
        Words(
            "purge_queue delete_queue stop stop_app start_app reset force_reset join_cluster forget_cluster_node add_user \
             delete_user change_password add_vhost delete_vhost set_permissions clear_permissions set_policy \
             clear_policy set_parameter clear_parameter set_user_tags close_connection close_all_connections \
             restart_vhost rotate_logs shutdown force_boot sync_queue cancel_sync_queue",
        ),
    ),
    taking(
        "rabbitmqadmin",
        "-H --host -P --port -u --username -p --password -V --vhost",
        Words("publish declare delete purge close import"),
    ),
    tool("kafka-topics kafka-topics.sh", Options("--create --delete --alter")),
    tool(
        "kafka-consumer-groups kafka-consumer-groups.sh",
        Options("--reset-offsets --delete --delete-offsets"),
    ),
    tool("kafka-configs kafka-configs.sh", Options("--alter")),
    taking(
        "etcdctl",
        "--endpoints --cacert --cert --key",
        Words("put del compact defrag member/add member/remove move-leader"),
    ),
    tool("consul", Words("kv/put kv/delete leave join force-leave maint reload")),
    tool(
        "vault",
        Words(
            "write delete kv/put kv/delete kv/destroy operator/seal operator/step-down token/revoke lease/revoke",
        ),
    ),
    taking(
        "git",
        "-C -c --git-dir --work-tree",
        Words(
            "push commit checkout switch reset restore pull merge rebase revert clean cherry-pick am apply add rm mv init \
             clone gc",
        ),
    ),
    tool("gh", Second("create delete close merge edit reopen rerun cancel run enable disable upload")),
];
