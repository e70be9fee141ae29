//! Talking to whoever typed the command: answers on standard output, everything else on standard
//! error.

use std::io::{self, IsTerminal as _, Write as _};

use domain::Faults;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Says a line of the answer. A reader that went away is no fault of ours.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Says a line beside the answer.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A bar for long work; silent where nobody watches.
pub(crate) fn bar(length: u64, what: &'static str) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length), target).with_message(what);
    let style = "{msg} [{bar:32}] {human_pos}/{human_len} {per_sec} {eta}";
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// Faults in words, one a line, in the language of the environment.
pub(crate) fn tell(faults: &Faults) -> Vec<String> {
    let language = language();
    let line = |it: &domain::FieldFault| {
        let place = it.pointer.trim_start_matches('/').replace('/', ".");
        format!("{place}: {}", api::describe(&it.fault, language))
    };
    faults.0.iter().map(line).collect()
}

/// Chinese in a Chinese environment, English elsewhere.
fn language() -> api::Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(crate::settings::variable);
    if set.is_some_and(|it| it.starts_with("zh")) {
        api::Language::Chinese
    } else {
        api::Language::English
    }
}
