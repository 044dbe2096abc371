//! A web service whose spans and events are masked, headers and addresses among them.
//!
//! `cargo run --bin axum`, then `curl -H 'Authorization: Bearer ...' 'localhost:PORT/login?password=hunter2'`.

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use logveil::Redactor;
use logveil::adapters::http::RedactedRequest;
use logveil::adapters::tower::MarkSensitiveLayer;
use logveil::adapters::tracing::RedactMakeWriter;
use tower_http::trace::TraceLayer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let redactor = Redactor::builtin();
    tracing_subscriber::fmt().json().with_writer(RedactMakeWriter::new(&redactor, std::io::stdout)).init();

    let spans = redactor.clone();
    let trace = TraceLayer::new_for_http().make_span_with(move |request: &Request| {
        let headers = request.headers();
        tracing::info_span!("request", line = %RedactedRequest::new(&spans, request), ?headers)
    });
    let app = Router::new()
        .route("/login", get(|request: Request| async move {
            tracing::info!("login of {}", request.uri());
            "ok"
        }))
        .layer(trace)
        .layer(MarkSensitiveLayer::new(&redactor));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, app).await
}
