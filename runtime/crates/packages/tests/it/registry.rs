//! A registry of made-up packages, on a port of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use url::Url;

/// Versions `1.0.0` of packages: name, what `package.json` adds, files.
pub(crate) type Package<'a> = (&'a str, Value, &'a [(&'a str, &'a str)]);

pub(crate) fn registry(packages: &[Package<'_>]) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let base = format!("http://{address}");
    let mut answers = BTreeMap::new();
    for (name, more, files) in packages {
        let mut manifest = json!({ "name": name, "version": "1.0.0" });
        for (key, value) in more.as_object().unwrap() {
            manifest[key] = value.clone();
        }
        let tarball = tarball(&manifest, files);
        manifest["dist"] = json!({
            "tarball": format!("{base}/{name}/-/{name}-1.0.0.tgz"),
            "integrity": format!("sha512-{}", base64(&tarball)),
        });
        let document = json!({ "name": name, "dist-tags": { "latest": "1.0.0" }, "versions": { "1.0.0": manifest } });
        answers.insert(format!("/{name}/-/{name}-1.0.0.tgz"), tarball);
        answers.insert(format!("/{name}"), document.to_string().into_bytes());
    }
    let answers = Arc::new(answers);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || answer(stream, &answers));
        }
    });
    base.parse().unwrap()
}

fn answer(mut stream: TcpStream, answers: &BTreeMap<String, Vec<u8>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, body) = answers.get(path).map_or(("404 Not Found", &b"{}"[..]), |body| ("200 OK", body));
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn tarball(manifest: &Value, files: &[(&str, &str)]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let manifest = manifest.to_string();
    for (name, text) in std::iter::once(("package.json", manifest.as_str())).chain(files.iter().copied()) {
        // `-> target` stands for a symbolic link.
        let (text, target) = text.strip_prefix("-> ").map_or((text, ""), |target| ("", target));
        gzip.write_all(&header(name, text.len(), target)).unwrap();
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.write_all(&vec![0; text.len().next_multiple_of(512) - text.len()]).unwrap();
    }
    gzip.write_all(&[0; 1024]).unwrap();
    gzip.finish().unwrap()
}

fn header(name: &str, size: usize, target: &str) -> [u8; 512] {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &format!("package/{name}"));
    put(100, "0000644\0");
    put(124, &format!("{size:011o}\0"));
    put(148, "        ");
    put(156, if target.is_empty() { "0" } else { "2" });
    put(157, target);
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let mut text = String::new();
    write!(text, "{sum:06o}\0 ").unwrap();
    header[148..156].copy_from_slice(text.as_bytes());
    header
}

fn base64(tarball: &[u8]) -> String {
    use base64::Engine as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, tarball);
    base64::engine::general_purpose::STANDARD.encode(digest)
}
