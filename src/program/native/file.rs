//! The module `file`: signatures and texts.

use super::{Native, list};
use crate::value::Type;

const PATH: &str = "an absolute path, or one from where the run was started";

fn reads(name: &'static str, returns: Type, description: &'static str) -> Native {
    Native::reads("file", name, returns, description).needs("path", Type::Text, PATH)
}

fn changes(name: &'static str, description: &'static str) -> Native {
    Native::changes("file", name, Type::None, description).needs("path", Type::Text, PATH)
}

/// Returns the functions of the module.
pub(super) fn file() -> Vec<Native> {
    vec![
        reads("exists", Type::Bool, "Whether a file or folder is there.")
            .example("check locked = file.exists(\"/var/lock/shop.lock\")"),
        reads("read", Type::Text, "Returns the text of a file, 8 MiB at most.")
            .example("check release = file.read(\"/etc/shop/release\")"),
        reads("size", Type::Size, "Returns the size of a file, or of all files below a folder.").example(
            "check logs = file.size(\"/var/log/shop\")\nfinding \"{{ logs }} of logs\" when logs > 10GiB",
        ),
        reads("modified", Type::Time, "Returns when a file was last written.")
            .example("check last = file.modified(\"/srv/backup/shop.dump\")\nverify age(last) < 1d"),
        reads("list", list(Type::Text), "Returns the paths in a folder, sorted.")
            .example("check dumps = file.list(\"/srv/backup\")"),
        changes("write", "Writes a file whole: a new file takes the old one's place.")
            .needs("text", Type::Text, "what stands in it then")
            .undo("none of its own: read the old text before, and write that")
            .example(
                "check before = file.read(\"/etc/shop/colour\")\n\
                 run file.write(\"/etc/shop/colour\", \"green\")\n  \
                 undo file.write(\"/etc/shop/colour\", before) safe",
            ),
        changes("append", "Appends to a file, which is made when it is missing.")
            .needs("text", Type::Text, "what is added at its end")
            .undo("none of its own")
            .example(
                "run file.append(\"/var/log/shop/ops.log\", \"drained\\n\")\n  leave \"a line in a log\"",
            ),
        changes("copy", "Copies a file.")
            .needs("to", Type::Text, "the path of the copy; a file that is there is replaced")
            .undo("none of its own: remove the copy")
            .example(
                "run file.copy(\"/etc/shop/shop.conf\", \"/etc/shop/shop.conf.before\")\n  \
                 undo file.remove(\"/etc/shop/shop.conf.before\")",
            ),
        changes("move", "Moves a file.")
            .needs("to", Type::Text, "where it stands then; a file that is there is replaced")
            .undo("none of its own: move it back")
            .example(
                "run file.move(\"/etc/shop/on\", \"/etc/shop/off\")\n  \
                 undo file.move(\"/etc/shop/off\", \"/etc/shop/on\")",
            ),
        changes("remove", "Removes a file, or an empty folder.")
            .undo("none of its own: what it held is gone")
            .example("run file.remove(\"/var/lock/shop.lock\")\n  irreversible \"the lock is gone\""),
        changes("make_folder", "Makes a folder with its parents.")
            .undo("none of its own: remove it")
            .example("run file.make_folder(\"/srv/shop/new\")\n  undo file.remove(\"/srv/shop/new\")"),
    ]
}
