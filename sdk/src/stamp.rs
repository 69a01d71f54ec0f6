//! The custom section `postern`: what a host may know of a module before it runs.

const TEXT: &str = concat!(r#"{"abi":1,"sdk":"postern-sdk","sdk_version":""#, env!("CARGO_PKG_VERSION"), r#""}"#);

const fn bytes() -> [u8; TEXT.len()] {
    let mut bytes = [0; TEXT.len()];
    bytes.copy_from_slice(TEXT.as_bytes());
    bytes
}

#[expect(unsafe_code, reason = "a name of the ABI")]
#[used]
#[unsafe(link_section = "postern")]
static STAMP: [u8; TEXT.len()] = bytes();
