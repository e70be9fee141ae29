use api::Paces;
use domain::{
    Faults,
    form::{Field, Object, Whole},
    rates::Pace,
};
use serde_json::Value;

/// How many requests a minute a caller may make.
pub(super) struct Requests(pub(super) Paces);

impl Field for Requests {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let paces = Paces {
            sign_in: pace(&mut object, "sign_in"),
            entry: pace(&mut object, "entry"),
            search: pace(&mut object, "search"),
            write: pace(&mut object, "write"),
            read: pace(&mut object, "read"),
        };
        object.close();
        Some(Self(paces))
    }
}

/// A number of requests a minute; none is no limit.
fn pace(object: &mut Object<'_>, name: &'static str) -> Option<Pace> {
    let requests = object.required::<Whole<0, 1_000_000>>(name)?;
    u32::try_from(requests.get()).ok().and_then(Pace::a_minute)
}
