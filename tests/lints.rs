//! Lints: which commands are known to change something, what a proof is, what is allowed, and when a review is overdue.

use jiff::civil::date;
use mainstay::check::{Checked, Memory, Reviews, check, check_on};

fn checked(text: &str) -> Checked {
    check("a.runbook", &Memory::new([("a.runbook", text)]))
}

/// The codes of a file's messages.
fn codes(text: &str) -> Vec<String> {
    checked(text).diagnostics.into_iter().map(|d| d.code).collect()
}

/// The messages about a call under `check`.
fn under_check(call: &str) -> Vec<String> {
    let text =
        format!("runbook \"r\"\ndiagnose {{\n  check seen = {call}\n  escalate to oncall \"seen\"\n}}\n");
    checked(&text).diagnostics.into_iter().map(|d| d.message).collect()
}

#[test]
fn commands_that_change_are_found_wherever_they_run() {
    let cases = [
        ("kubectl delete pod x", "`kubectl delete`"),
        ("sudo kubectl -n shop --context prod delete pod x", "`kubectl delete`"),
        ("kubectl rollout restart deployment/shop", "`kubectl rollout restart`"),
        ("kubectl exec web-1 -- rm -rf /tmp/x", "`rm`"),
        ("docker exec -it web kill 1", "`kill`"),
        ("docker compose -f x.yml down", "`docker compose down`"),
        ("docker volume rm data", "`docker volume rm`"),
        ("ssh -p 22 web1 systemctl restart shop", "`systemctl restart`"),
        ("ssh web1 'sudo -u app systemctl --user stop shop'", "`systemctl stop`"),
        ("bash -c 'echo a; reboot'", "`reboot`"),
        ("su - postgres -c \"psql -c 'drop table x'\"", "`DROP`"),
        ("pgrep worker | xargs -r -n 1 kill -9", "`kill`"),
        ("find /tmp -name x -exec rm {} +", "`rm`"),
        ("find /tmp -name x -delete", "`find -delete`"),
        ("timeout 5 env A=b nice -n 5 mv a b", "`mv`"),
        ("echo $(touch /tmp/x)", "`touch`"),
        ("true && { rm a; }", "`rm`"),
        ("psql -h db1 -tAc \"UPDATE t SET a = 1\"", "`UPDATE`"),
        ("psql --command='select 1; delete from t'", "`DELETE`"),
        ("psql -c 'select pg_terminate_backend(5)'", "`pg_terminate_backend`"),
        ("sqlite3 a.db 'insert into t values (1)'", "`INSERT`"),
        ("redis-cli -h cache1 FLUSHALL", "`redis-cli flushall`"),
        ("redis-cli config set maxmemory 1", "`redis-cli config set`"),
        ("rabbitmqctl -n rabbit@a purge_queue mails", "`rabbitmqctl purge_queue`"),
        ("aws --region eu ec2 terminate-instances --instance-ids i", "`aws ec2 terminate-instances`"),
        ("gcloud compute instances delete x", "`gcloud … delete`"),
        ("terraform apply -auto-approve", "`terraform apply`"),
        ("terraform state rm x", "`terraform state rm`"),
        ("git -C /srv/x push origin main", "`git push`"),
        ("curl -sX DELETE http://a/b", "`curl` with `DELETE`"),
        ("curl -X POST http://es:9200/logs/_delete_by_query -d '{}'", "`curl` with `POST`"),
        ("curl -d on=1 http://a/jquery/restart", "`curl` with `POST`"),
        ("wget --post-data=x http://a/b", "`wget` with `POST`"),
        ("kubectl delete pod x --dry-run=none", "`kubectl delete`"),
        ("psql -c '/* now */ DROP TABLE x'", "DROP"),
        ("curl -XPUT http://a/b", "`curl` with `PUT`"),
        ("curl --request=POST http://a/b", "`curl` with `POST`"),
        ("iptables -t nat -A PREROUTING -j DROP", "`iptables -A`"),
        ("mount /dev/sdb1 /mnt", "`mount`"),
        ("ip link set eth0 down", "`ip link set`"),
        ("sed -i.bak s/a/b/ file", "`sed -i.bak`"),
        ("dd if=/dev/zero of=/dev/sdb", "`dd of=`"),
        ("gunzip x.gz", "`gunzip`"),
        ("sudo gzip -9 /var/log/a.log", "`gzip`"),
        ("bzip2 -k a", "`bzip2`"),
        ("xz -T 0 a", "`xz`"),
        ("zstd -d a.zst -o a", "`zstd`"),
        ("unzip -q a.zip -d /srv/a", "`unzip`"),
        ("tar xzf a.tgz", "`tar`"),
        ("tar -C /srv -xf a.tar", "`tar`"),
        ("curl -s http://a/b.tgz | tar --extract --gzip", "`tar`"),
        ("sysctl vm.swappiness=1", "`sysctl NAME=VALUE`"),
        ("service nginx restart", "`service nginx restart`"),
        ("apt-get -y install jq", "`apt-get install`"),
        ("crontab -r", "`crontab -r`"),
        ("uptime > /tmp/load", "`> /tmp/load` writes a file"),
        ("uptime 2>>/var/log/x", "`> /var/log/x` writes a file"),
        ("uptime | tee /tmp/load", "`tee`"),
    ];
    let missed: Vec<_> = cases
        .iter()
        .filter(|(command, what)| !matches!(under_check(&format!("$ {command}")).as_slice(), [one] if one.contains(what)))
        .map(|(command, what)| format!("{command}: {what}, found {:?}", under_check(&format!("$ {command}"))))
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn commands_that_only_read_are_left_alone() {
    let cases = [
        "kubectl get pods -l app=delete",
        "kubectl delete pod x --dry-run=client",
        "kubectl rollout status deployment/shop",
        "kubectl config view",
        "docker ps --filter name=rm",
        "docker run --rm alpine uptime",
        "docker compose ps",
        "ssh web1 'systemctl status shop'",
        "echo 'rm -rf /' \"kubectl delete\"",
        "grep -r 'kill -9' /var/log",
        "kill -0 5",
        "command -v rm",
        "which kill",
        "man rm",
        "find /tmp -name rm",
        "psql -c 'select * from updates'",
        "psql -c \"select 'delete from t'\"",
        "redis-cli GET set",
        "redis-cli config get maxmemory",
        "aws ec2 describe-instances",
        "terraform plan",
        "terraform state list",
        "git log --oneline",
        "curl -s http://a/restart",
        "curl -G -d query=up http://prometheus/api/v1/targets",
        "psql -c \"SELECT 'a; delete from x'\"",
        "psql -c 'SELECT 1 -- ; delete from x'",
        "swapon --show",
        "pg_restore --list dump",
        "zpool import",
        "mount -t nfs",
        "kubectl set env deploy/x --list",
        "killall -0 nginx",
        "aws s3 sync a s3://b --dryrun",
        "lvextend --test -L 1G /dev/a/b",
        "dnf --assumeno upgrade",
        "curl -X POST http://es:9200/logs/_search -d '{}'",
        "curl -d '{\"query\": 1}' http://a/graphql",
        "iptables -L -n",
        "mount",
        "mount -l",
        "ip route show",
        "sed -n 5p file",
        "dd if=/dev/sda of=/dev/null count=1",
        "gzip -dc x.gz",
        "gzip -l x.gz",
        "ps ax | gzip -9 | wc -c",
        "uptime | xz -T 0 - | wc -c",
        "bzip2 --stdout a",
        "xz --list a.xz",
        "zstd -t a.zst",
        "unzip -l a.zip",
        "unzip -p a.zip x",
        "tar tzf x.tgz",
        "tar -tf x",
        "tar -xOzf a.tgz x",
        "tar --exclude x -tf a.tar",
        "sysctl vm.swappiness",
        "service nginx status",
        "apt-get --simulate install jq",
        "crontab -l",
        "uptime 2>/dev/null",
        "uptime 2>&1 | sort",
        "uptime >&2",
        "uptime | tee /dev/stderr",
        "sort < /tmp/load",
        "diff <(ls a) <(ls b)",
        "systemctl list-units restart.service",
        "rsync -n a b",
        "rpm -q -i bash",
        "apt-get -s upgrade",
        "aws logs start-query --log-group-name x",
        "gcloud logging read 'delete'",
        "ansible-playbook --check site.yml",
    ];
    let wrong: Vec<_> = cases
        .iter()
        .map(|command| (command, under_check(&format!("$ {command}"))))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_line_of_a_script_is_pointed_at_and_temporary_files_are_none() {
    let text = "runbook \"r\"\ndiagnose {\n  check seen = ```bash\n    for h in a b; do\n      kubectl delete pod $h\n    done\n    \
        # rm is only spoken of\n    rm a\n    rm b\n  ```\n  check temporary = ```bash\n    tmp=$(mktemp)\n    uptime > \"$tmp\"\n    \
        sort \"$tmp\" | tee \"$tmp\".sorted\n    gunzip \"$tmp\".gz; tar xf a.tar -C \"$tmp\"\n    rm -f \"$tmp\"\n  ```\n  escalate to oncall \"seen\"\n}\n";
    let checked = checked(text);
    let lines: Vec<_> =
        checked.diagnostics.iter().map(|d| checked.sources.text(d.span().unwrap()).to_owned()).collect();
    assert_eq!(lines, ["kubectl delete pod $h", "rm a", "rm b"]);
}

fn resolved(body: &str) -> Vec<String> {
    codes(&format!(
        "runbook \"r\"\nuse file\ndiagnose {{\n  check before = try $ uptime\n}}\nresolve \"R\" {{\n{body}}}\n"
    ))
}

#[test]
fn a_proof_reads_what_the_change_has_made() {
    let change = "run $ touch a\nleave \"x\"\n";
    let old = ["before.ok", "before.number > 3 and before.ok", "length(before.lines) > 2"];
    for expr in old {
        assert_eq!(resolved(&format!("{change}verify {expr}\n")), ["verify-proves-nothing"], "{expr}");
        assert_eq!(resolved(&format!("verify {expr}\n{change}")), Vec::<String>::new(), "a guard: {expr}");
        let inside = format!("{change}if before.ok {{\nverify {expr}\n}}\n");
        assert_eq!(resolved(&inside), Vec::<String>::new(), "in a branch it may be a guard: {expr}");
    }
    let fine = [
        "file.exists(\"a\")",
        "before.ok and file.exists(\"a\")",
        "age(before.stdout) < 5m",
        "after.ok",
        "after.number > before.number",
        "made.ok",
        "false",
    ];
    for expr in fine {
        let body =
            format!("run made = try $ touch a\nleave \"x\"\ncheck after = try $ uptime\nverify {expr}\n");
        assert_eq!(resolved(&body), Vec::<String>::new(), "{expr}");
    }
    for expr in ["now.ok", "now.exit == 0", "now.ok and now.exit == 0"] {
        let with = |call: &str| resolved(&format!("{change}check now = {call}\nverify {expr}\n"));
        assert_eq!(with("$ uptime"), ["verify-proves-nothing"], "{expr}");
        assert_eq!(with("try $ uptime"), Vec::<String>::new(), "{expr}");
        assert_eq!(with("$ uptime\n  allow exit 1"), Vec::<String>::new(), "{expr}");
    }
    assert_eq!(resolved("verify true\n"), ["verify-proves-nothing"]);
    assert_eq!(resolved("let a = 3\nverify before.ok\n"), Vec::<String>::new(), "nothing was changed");
    let through = format!("{change}let still = before.ok\nstep \"S\" {{\nverify still\n}}\n");
    assert_eq!(resolved(&through), ["verify-proves-nothing"]);
    let arms =
        "parallel {\nstep \"A\" {\nrun $ touch a\nleave \"x\"\n}\nstep \"B\" {\nverify before.ok\n}\n}\n";
    assert_eq!(resolved(arms), Vec::<String>::new(), "an arm is not above the other");
    let answer =
        format!("ask sure \"Sure?\" yes/no by oncall within 5m on silence abort\n{change}verify sure\n");
    assert_eq!(resolved(&answer), Vec::<String>::new(), "an answer is no reading");
}

#[test]
fn an_approval_without_anything_read_is_told_and_one_with_it_is_not() {
    let asks = "approve \"Go?\" by oncall within 5m on silence abort\n";
    let blind =
        |body: &str| codes(&format!("runbook \"r\"\nparam p: int \"P\" = 1\nresolve \"R\" {{\n{body}}}\n"));
    assert_eq!(blind(asks), ["blind-approval"]);
    let only_params = "approve \"Go {{ p }}?\" by oncall within 5m on silence abort\n";
    assert_eq!(blind(only_params), ["blind-approval"]);
    assert_eq!(blind(&format!("check a = $ uptime\n{asks}")), Vec::<String>::new());
    assert_eq!(blind(&format!("finding \"asked for by the bank\"\n{asks}")), Vec::<String>::new());
    assert_eq!(resolved(asks), Vec::<String>::new(), "the diagnosis has read");
    let measured = format!(
        "runbook \"r\"\nuse tcp\nsymptom \"s\" {{\nwhen not tcp.open(\"a\", 1)\n}}\nresolve \"R\" {{\n{asks}}}\n"
    );
    assert_eq!(codes(&measured), Vec::<String>::new());
}

#[test]
fn an_action_is_called_or_stands_in_a_module() {
    let action = "action one() reads {\n  check a = two()\n}\naction two() -> int reads {\n  return 1\n}\n";
    let of = checked(&format!("runbook \"r\"\n{action}resolve \"R\" {{\n  show 1\n}}\n"));
    let told: Vec<_> = of.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(told, ["nothing calls `one`"], "what only it calls is not told");
    assert_eq!(codes(&format!("module m \"M\"\n{action}")), Vec::<String>::new());
}

#[test]
fn an_undo_cannot_name_what_is_read_below_it() {
    assert_eq!(
        resolved("run $ a\nundo $ b {{ later.stdout }}\ncheck later = $ uptime\n"),
        ["used-before-bound"]
    );
}

#[test]
fn a_comment_allows_one_warning_in_one_place() {
    let with = |comment: &str| resolved(&format!("{comment}\ncheck a = $ rm x\ncheck b = $ rm y\n"));
    assert_eq!(with(""), ["check-changes", "check-changes"]);
    assert_eq!(with("# mainstay: allow check-changes, it is a copy"), ["check-changes"]);
    assert_eq!(with("  # mainstay: allow check-changes — it is a copy\n\n  # and more"), ["check-changes"]);
    let both = ["allow-without-effect", "check-changes", "check-changes"];
    for wrong in [
        "# mainstay: allow check-changes",
        "# mainstay: allow check-changes,",
        "# mainstay: allow, it is a copy",
        "# mainstay: allow raw-value, it is a copy",
        "# mainstay: allow change-without-undo, it is a copy",
        "# mainstay: allow allow-without-effect, it is a copy",
        "# mainstay: ignore check-changes, it is a copy",
    ] {
        assert_eq!(with(wrong), both, "{wrong}");
    }
    assert_eq!(with("# Mainstay: allow check-changes, it is a copy"), ["check-changes"]);
    assert_eq!(with("# Mainstay: read about it in the manual"), ["check-changes", "check-changes"]);
    let trailing = "check a = $ rm x   # mainstay: allow check-changes, it is a copy\n";
    assert_eq!(resolved(trailing), ["check-changes", "allow-without-effect"]);
    let said = "show \"write # mainstay: allow check-changes, it is a copy\"\n";
    assert_eq!(resolved(said), Vec::<String>::new(), "a text is no comment");
    let twice = "# mainstay: allow check-changes, a\n# mainstay: allow raw-value, b\ncheck a = $ rm \\\n  {{ \"x\" | raw }}\n";
    assert_eq!(resolved(twice), Vec::<String>::new());
    let error = "# mainstay: allow raw-value, b\ncheck a = $ uptime\nrun $ touch a\n";
    assert_eq!(resolved(error), ["change-without-undo"], "an error may keep a warning from being found");
}

fn reviewed(text: &str, days: u32) -> Vec<String> {
    let text = format!("runbook \"r\"\n{text}\nresolve \"R\" {{\n  show 1\n}}\n");
    let reviews = Reviews { today: date(2027, 1, 31), days };
    let checked = check_on("a.runbook", &Memory::new([("a.runbook", text)]), Some(reviews));
    checked.diagnostics.into_iter().map(|d| d.message).collect()
}

#[test]
fn a_review_is_overdue_after_its_days_and_only_where_the_day_is_known() {
    assert_eq!(reviewed("reviewed 2026-08-04", 180), Vec::<String>::new(), "180 days");
    let over = ["nobody has gone through this for 181 days; 180 are the limit"];
    assert_eq!(reviewed("reviewed 2026-08-03", 180), over);
    assert_eq!(reviewed("reviewed 2026-08-03", 181), Vec::<String>::new());
    assert_eq!(reviewed("owner \"me\"", 180), Vec::<String>::new(), "nothing was promised");
    assert_eq!(reviewed("reviewed 2027-02-01", 180), Vec::<String>::new(), "another time zone");
    assert_eq!(reviewed("reviewed 2027-02-02", 180), ["this review is still to come"]);
    let allowed = "# mainstay: allow review-overdue, it is replaced next week\nreviewed 2020-01-01";
    assert_eq!(reviewed(allowed, 180), Vec::<String>::new());
    let text = format!("runbook \"r\"\n{allowed}\nresolve \"R\" {{\n  show 1\n}}\n");
    assert_eq!(codes(&text), Vec::<String>::new(), "without a day nothing is overdue, and nothing idle");
}
