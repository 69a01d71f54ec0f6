use postern_sdk_macros::post_login;

struct Event;
struct Api;
struct Error;

#[post_login]
fn login(_event: &Event, _api: &mut Api) -> Result<(), Error> {
    Ok(())
}

fn main() {}
