use std::path::Path;

use db::{Clock, Db};

use super::Findings;
use crate::{
    anchors::{Anchors, is_within},
    settings::Settings,
};

impl Findings {
    /// Whether anchors can be written, and where.
    pub(super) fn look_at_anchors(&mut self, settings: &Settings) {
        let folder = settings.audit.anchors(&settings.folder);
        let there = folder.ancestors().find(|it| it.exists()).unwrap_or(Path::new("."));
        if let Err(err) = tempfile::tempfile_in(there) {
            let shown = folder.display();
            self.bad("anchors", format!("{shown} cannot be written: {err}; see audit.anchors"));
        } else if is_within(&folder, &settings.folder) {
            self.odd(
                "anchors",
                "are beside the data: whoever can change the audit log there can change them too. \
                 Set audit.anchors to a folder on another machine",
            );
        } else {
            self.good("anchors", format!("are written to {}", folder.display()));
        }
    }

    /// Whether the audit log agrees with its last anchor, and how old that is.
    pub(super) async fn look_at_log(&mut self, settings: &Settings, db: &Db) {
        let anchors = Anchors::new(settings.audit.anchors(&settings.folder));
        let last = match anchors.read() {
            Ok(anchors) => anchors.into_iter().next_back(),
            Err(err) => return self.bad("audit log", format!("{err:#}")),
        };
        let Some(last) = last else {
            return self.odd("audit log", "has no anchor yet; the server writes one each day");
        };
        let at = last.at.to_rfc3339();
        match last.agrees(db).await {
            Err(err) => self.bad("audit log", format!("{err:#}")),
            Ok(false) => {
                self.bad("audit log", format!("disagrees with the anchor of {at}: verify it"));
            }
            Ok(true) if Clock::system().now() - last.at > chrono::TimeDelta::days(2) => {
                self.odd("audit log", format!("was last anchored at {at}"));
            }
            Ok(true) => {
                self.good("audit log", format!("anchored at {at}; `audit verify` reads it all"));
            }
        }
    }
}
