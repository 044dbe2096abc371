//! `logveil serve` beside a proxy of the same libraries that looks at nothing, by the CPU time that each takes for a byte:
//! who sends and who receives share the machine with them.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::median;

/// What makes this program the plain proxy.
pub const PLAIN: &str = "--plain";
const CONNECTIONS: usize = 8;
/// Bodies that each connection sends in a round.
const BODIES: usize = 200;
const ROUNDS: usize = 5;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads")
}

async fn connected(to: SocketAddr) -> SendRequest<Full<Bytes>> {
    let tcp = TcpStream::connect(to).await.expect("a listener");
    tcp.set_nodelay(true).expect("a socket");
    let (line, connection) = handshake(TokioIo::new(tcp)).await.expect("HTTP");
    tokio::spawn(connection);
    line
}

/// Serves on a port of its own, whose address it gives back.
async fn serve<F, A>(answer: F) -> SocketAddr
where
    F: Fn(Request<Incoming>, Arc<tokio::sync::Mutex<Option<SendRequest<Full<Bytes>>>>>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Full<Bytes>>> + Send,
{
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tcp.set_nodelay(true).expect("a socket");
            let (answer, line) = (answer.clone(), Arc::default());
            let service = service_fn(move |request| {
                let answer = answer(request, Arc::clone(&line));
                async move { Ok::<_, Infallible>(answer.await) }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tcp), service));
        }
    });
    at
}

/// A proxy that reads bodies as a whole and hands them on, until it is killed; it says where it listens.
pub fn plain(upstream: SocketAddr) {
    runtime().block_on(async {
        let at = serve(move |request: Request<Incoming>, line| async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            let mut line = line.lock().await;
            if line.is_none() {
                *line = Some(connected(upstream).await);
            }
            let line = line.as_mut().expect("it was made");
            line.ready().await.expect("an open connection");
            let ask = Request::from_parts(parts, Full::new(body));
            let (parts, body) = line.send_request(ask).await.expect("an answer").into_parts();
            Response::from_parts(parts, Full::new(body.collect().await.expect("a body").to_bytes()))
        })
        .await;
        println!("listening address=tcp://{at}");
        std::io::stdout().flush().expect("an open pipe");
        std::future::pending::<()>().await;
    });
}

/// A child, and where it listens.
fn started(mut command: Command, log: impl Fn(&mut Child) -> Box<dyn BufRead + Send>) -> (Child, SocketAddr) {
    let mut child = command.spawn().expect("the command");
    let mut lines = log(&mut child).lines().map_while(Result::ok);
    let line = lines.find(|l| l.contains("listening ")).expect("a listener");
    std::thread::spawn(move || lines.for_each(drop));
    let at = line
        .split("address=tcp://")
        .nth(1)
        .and_then(|a| a.split_whitespace().next()?.parse().ok())
        .expect("an address");
    (child, at)
}

/// Seconds of CPU time that a process has taken.
fn cpu(child: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("a process");
    let behind = stat.rsplit_once(')').expect("a name").1;
    let ticks = |n: usize| behind.split_whitespace().nth(n).and_then(|t| t.parse::<f64>().ok()).expect("a number");
    // Ticks of Linux are hundredths of a second everywhere.
    (ticks(11) + ticks(12)) / 100.0
}

/// Sends bodies over some connections at once and waits for all the answers.
async fn send(to: SocketAddr, path: &str, kind: &str, bodies: &[Bytes]) {
    let each = (0..CONNECTIONS).map(|c| {
        let (path, kind, bodies) = (path.to_owned(), kind.to_owned(), bodies.to_vec());
        tokio::spawn(async move {
            let mut line = connected(to).await;
            for n in 0..BODIES {
                let body = bodies[(c * 7 + n) % bodies.len()].clone();
                let ask = Request::post(&path).header("host", "x").header("content-type", &kind);
                line.ready().await.expect("an open connection");
                let answer = line.send_request(ask.body(Full::new(body)).expect("a request")).await.expect("an answer");
                assert_eq!(answer.status(), 200);
                answer.into_body().collect().await.expect("a body");
            }
        })
    });
    for task in each.collect::<Vec<_>>() {
        task.await.expect("all went well");
    }
}

/// Bytes that pass for a second of CPU time: through the plain proxy, and through logveil.
pub fn compare(path: &str, kind: &str, batches: &[Vec<u8>]) -> (f64, f64) {
    let runtime = runtime();
    let bodies: Arc<Vec<Bytes>> = Arc::new(batches.iter().cloned().map(Bytes::from).collect());
    let arrived = Arc::new(AtomicUsize::new(0));
    let (known, count) = (bodies.clone(), arrived.clone());
    let upstream = runtime.block_on(serve(move |request: Request<Incoming>, _| {
        let (known, count) = (known.clone(), count.clone());
        async move {
            let body = request.into_body().collect().await.expect("a body").to_bytes();
            assert!(known.contains(&body), "what arrived is what was sent");
            count.fetch_add(body.len(), Ordering::Relaxed);
            Response::new(Full::new(Bytes::from_static(b"{}")))
        }
    }));
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args([PLAIN, &upstream.to_string()]).stdout(Stdio::piped());
    let of_plain = |child: &mut Child| -> Box<dyn BufRead + Send> {
        Box::new(BufReader::new(child.stdout.take().expect("a pipe")))
    };
    let plain = started(command, of_plain);
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("logveil.toml");
    let settings = format!(
        "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\nprotocol = \"http\"\n[[upstream]]\naddress = \"http://{upstream}\"\n\
         protocol = \"http\"\n[limits]\nthreads = 1\n"
    );
    std::fs::write(&config, settings).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_logveil"));
    command.args(["serve", "--admin", "off", "--config"]).arg(&config).stderr(Stdio::piped());
    let of_logveil = |child: &mut Child| -> Box<dyn BufRead + Send> {
        Box::new(BufReader::new(child.stderr.take().expect("a pipe")))
    };
    let logveil = started(command, of_logveil);
    let mut children = [plain, logveil];
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((child, at), rates) in children.iter().zip(&mut rates) {
            let (begun, before) = (cpu(child), arrived.load(Ordering::Relaxed));
            runtime.block_on(send(*at, path, kind, &bodies));
            rates.push((arrived.load(Ordering::Relaxed) - before) as f64 / (cpu(child) - begun));
        }
    }
    for (child, _) in &mut children {
        child.kill().expect("a process of ours");
        child.wait().expect("a process of ours");
    }
    let [plain, masked] = &mut rates;
    (median(plain), median(masked))
}
