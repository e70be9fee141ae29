use std::path::PathBuf;

use api::{Proofs, Rules, Scanner};
use domain::{
    Fault, Faults,
    form::{Field, Object, Whole},
};
use serde_json::Value;

/// Where files go, and which are taken.
#[derive(Clone, Debug)]
pub(crate) struct Uploads {
    /// Empty: `files` in the data folder.
    folder: Option<PathBuf>,
    pub(crate) rules: Rules,
}

impl Uploads {
    /// The folder of the files.
    pub(crate) fn folder(&self, data: &std::path::Path) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| data.join("files"))
    }
}

impl Field for Uploads {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let folder = object.required::<String>("folder");
        let file = object.required::<Whole<1, 100>>("file_mib");
        let organisation = object.required::<Whole<1, 1_000_000>>("organisation_mib");
        let clamav = object.required::<String>("clamav");
        let scanner = clamav.as_deref().and_then(Scanner::named);
        if clamav.as_ref().is_some_and(|it| !it.is_empty()) && scanner.is_none() {
            object.fault("clamav", Fault::UnknownCode { table: "unix:/PATH, tcp:HOST:PORT" });
        }
        let proofs = object.required::<String>("proofs");
        if proofs.as_ref().is_some_and(|it| !["optional", "required"].contains(&it.as_str())) {
            object.fault("proofs", Fault::UnknownCode { table: "optional, required" });
        }
        let required = proofs? == "required";
        object.close();
        let (folder, file, organisation) = (folder?, file?.get(), organisation?.get());
        let rules = Rules {
            file_bytes: usize::try_from(file).ok()? * 1024 * 1024,
            organisation_bytes: organisation * 1024 * 1024,
            scanner,
            proofs: if required { Proofs::Required } else { Proofs::Optional },
        };
        Some(Self { folder: Some(folder).filter(|it| !it.is_empty()).map(Into::into), rules })
    }
}
