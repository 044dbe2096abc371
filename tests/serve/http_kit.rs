//! Both ends of HTTP over plain sockets, so that what is on the wire is what is compared.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use crate::kit::{PATIENCE, Sidecar, clean};

/// A message: its first line and headers, and its body.
#[derive(Debug, Clone)]
pub struct Message {
    pub head: String,
    pub body: Vec<u8>,
}

impl Message {
    pub fn header(&self, name: &str) -> Option<&str> {
        let field = |l: &&str| l.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().skip(1).find(field).map(|l| l.split_once(':').unwrap().1.trim())
    }

    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The next message; None at the end, or where it is cut.
pub fn read(from: &mut TcpStream) -> Option<Message> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if from.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let mut message = Message { head: String::from_utf8(head).unwrap(), body: Vec::new() };
    if let Some(len) = message.header("content-length") {
        message.body = vec![0; len.parse().unwrap()];
        from.read_exact(&mut message.body).ok()?;
    } else if message.header("transfer-encoding").is_some() {
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                from.read_exact(&mut byte).ok()?;
                line.push(byte[0]);
            }
            let len = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).ok()?;
            let mut chunk = vec![0; len + 2];
            from.read_exact(&mut chunk).ok()?;
            message.body.extend_from_slice(&chunk[..len]);
            if len == 0 {
                break;
            }
        }
    }
    Some(message)
}

/// A sender.
pub struct Sender(pub TcpStream);

impl Sender {
    pub fn to(sidecar: &Sidecar) -> Sender {
        let tcp = sidecar.connect(0);
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        Sender(tcp)
    }

    pub fn send(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let fields: String = headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect();
        let head = format!("POST {path} HTTP/1.1\r\nHost: logs.test\r\nContent-Length: {}\r\n{fields}\r\n", body.len());
        // Who is refused may have been hung up on.
        let _ = self.0.write_all(head.as_bytes()).and_then(|()| self.0.write_all(body));
    }

    /// The answer.
    pub fn ask(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Message {
        self.send(path, headers, body);
        read(&mut self.0).expect("an answer")
    }
}

/// An upstream that answers as it is told, one connection beside the other, and remembers what it was sent.
pub struct Upstream {
    pub address: SocketAddr,
    pub got: Receiver<Message>,
}

impl Upstream {
    /// Answers with what `answer` says to the n-th request; with nothing it hangs up.
    pub fn start(answer: impl Fn(usize, &Message) -> Vec<u8> + Send + Sync + 'static) -> Upstream {
        Upstream::on("127.0.0.1:0".parse().unwrap(), answer)
    }

    pub fn on(at: SocketAddr, answer: impl Fn(usize, &Message) -> Vec<u8> + Send + Sync + 'static) -> Upstream {
        let listener = TcpListener::bind(at).unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, got) = channel();
        let answer = std::sync::Arc::new(answer);
        let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        std::thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                let (tell, answer, count) = (tell.clone(), answer.clone(), count.clone());
                std::thread::spawn(move || {
                    let mut tcp = tcp;
                    while let Some(message) = read(&mut tcp) {
                        clean(&message.body);
                        let said = answer(count.fetch_add(1, std::sync::atomic::Ordering::SeqCst), &message);
                        let _ = tell.send(message);
                        if said.is_empty() || tcp.write_all(&said).is_err() || said.ends_with(b"CUT") {
                            return;
                        }
                    }
                });
            }
        });
        Upstream { address, got }
    }

    pub fn next(&self) -> Message {
        self.got.recv_timeout(PATIENCE).unwrap()
    }
}

/// An answer with a body.
pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

pub fn ok() -> Vec<u8> {
    answer("200 OK", "", "{\"errors\":false}")
}

pub fn between(upstreams: &[SocketAddr], listen: &str, upstream: &str, limits: &str) -> Sidecar {
    let mut config =
        format!("[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\nprotocol = \"http\"\n{listen}\n");
    for (n, address) in upstreams.iter().enumerate() {
        config += &format!(
            "[[upstream]]\nname = \"out{n}\"\naddress = \"http://{address}\"\nprotocol = \"http\"\n{upstream}\n"
        );
    }
    Sidecar::start(&format!("{config}[limits]\n{limits}\n"))
}
