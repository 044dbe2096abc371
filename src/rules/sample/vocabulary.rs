//! What the lines of the sample are made of.

pub(super) const LEVELS: &[&str] =
    &["INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR", "info", "warn", "error", "debug", "TRACE", "notice"];
pub(super) const HOSTS: &[&str] = &[
    "web-01",
    "db-primary",
    "ip-10-0-3-17",
    "worker3.prod.example.com",
    "LabSZ",
    "combo",
    "node-7",
    "cp-1.nova.local",
    "kafka-broker-2",
    "edge.eu-west-1.compute.internal",
];
pub(super) const USERS: &[&str] = &[
    "root", "admin", "alice", "bob", "ubuntu", "deploy", "jenkins", "guest", "oracle", "postgres", "nobody", "service",
    "test", "user1",
];
pub(super) const PATHS: &[&str] = &[
    "/",
    "/index.html",
    "/api/v1/users",
    "/api/v2/orders/items",
    "/static/js/main.js",
    "/login",
    "/favicon.ico",
    "/images/logo.png",
    "/health",
    "/metrics",
    "/wp-admin/setup-config.php",
    "/search?q=blue+shoes&page=",
    "/v2/54fadb412c4e40cdbaed9335e4c35a9e/servers/detail",
    "/assets/app.css",
    "/blog/2023/05/how-to-configure-logging",
    "/projects/downloads",
    "/robots.txt",
];
pub(super) const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/118.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15",
    "curl/7.88.1",
    "python-requests/2.31.0",
    "Go-http-client/1.1",
    "aws-cli/2.13.0 Python/3.11.4 Linux/5.15",
    "kube-probe/1.28",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];
pub(super) const PACKAGES: &[&str] = &[
    "org.apache.zookeeper.server",
    "org.apache.hadoop.hdfs.server.datanode",
    "org.springframework.web.servlet",
    "com.example.billing.service",
    "kafka.server",
    "kafka.controller",
    "io.netty.channel.nio",
    "org.hibernate.engine.jdbc",
    "java.util.concurrent",
    "nova.compute.manager",
    "nova.osapi_compute.wsgi.server",
    "com.android.server.wm",
];
pub(super) const CLASSES: &[&str] = &[
    "NIOServerCnxn",
    "QuorumPeer",
    "DataXceiver",
    "PacketResponder",
    "DispatcherServlet",
    "InvoiceService",
    "ReplicaManager",
    "KafkaController",
    "ThreadPoolExecutor",
    "WindowManager",
    "PowerManagerService",
    "ConnectionFactory",
    "SessionTracker",
    "FSNamesystem",
    "BlockManager",
];
pub(super) const MESSAGES: &[&str] = &[
    "Accepted socket connection from",
    "Closed socket connection for client",
    "Established session with negotiated timeout for client",
    "Connection request from old client; will be dropped if server is in r-o mode",
    "Received block of size from",
    "Starting executor for task in stage",
    "Finished processing request, returning response to the caller",
    "Failed to connect to server: connection refused (retrying in seconds)",
    "Unexpected exception causing shutdown while sock still open",
    "instruction cache parity error corrected",
    "generating core files for process, exit status",
    "Request completed successfully without error",
    "Scheduled snapshot of the database was created, removing the oldest file",
    "could not open configuration file, using default values instead",
    "pulling image from the registry and creating the container",
    "Successfully assigned pod to node; Back-off restarting failed container",
    "Leader election finished: following the new leader epoch",
    "Partition state changed, shrinking replica set and updating offset",
    "user logged in from a new device; the certificate will expire in days",
    "cannot find symbol or resource, skipping transaction commit and rolling back",
    "memory usage is above the threshold, garbage collection took",
    "open through proxy.cse.cuhk.edu.hk:5070 HTTPS",
    "check pass; user unknown",
    "Authorization check was skipped for internal health request",
    "acquire lock, flags=0x1, tag=\"View Lock\", name=com.android.systemui, package",
    "workerEnv.init() ok /etc/httpd/conf/workers2.properties",
    "mod_jk child workerEnv in error state",
    "Deleting instance files and terminating the network interface",
    "query took longer than expected: SELECT id, name, created_at FROM orders WHERE customer =",
    "cache miss for object, fetching from upstream backend",
    "The monitor has detected a change of the keyboard layout",
];
pub(super) const FIELDS: &[&str] = &[
    "userId",
    "request_id",
    "duration_ms",
    "status",
    "eventName",
    "sourceIPAddress",
    "userAgent",
    "awsRegion",
    "method",
    "path",
    "host",
    "service",
    "version",
    "thread",
    "trace_id",
    "span_id",
    "message",
    "logger",
    "kubernetes",
    "namespace_name",
    "principalId",
    "accountId",
    "sessionContext",
    "attributes",
    "bytes_sent",
    "caller",
    "component",
    "requestParameters",
    "responseElements",
    "eventType",
];
pub(super) const MONTHS: &[&str] =
    &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Words that most logs share, the commonest first: of programs, networks and systems.
pub(super) const WORDS: &str = "\
empty field port set time string data not addr update name path open count type use version user uid close com \
local file from http bytes status client for info with server host log types requires fields get code error tcp \
state message the test failed unset request org size and net system service event connection key msg address \
bool action session start new www ssl proto root source example unknown last default all mode protocol group \
read index null received date write linux invalid out create process list src check interface auth query dns \
agent login https success pid true current active main command conn app sha failure false init has max this \
location interval was internal line value api domain config security method object connect end found dev web \
admin node udp total run response remote files tag timestamp created access reason duration cpu network changed \
mac google level result hostname cache cert control vector number table load mozilla content ssh tls \
debug first none length timeout delete text change enabled context cmd support lib manager next device peer url \
can thread localhost started send information down running header authentication ipv application certificate \
warning may block exception filter policy bit base events kernel limit class configuration num memory pkts var \
enum post page sys audit hash cipher non packet after home dst sent options free socket stream directory notice \
bin only using before instance are call link logs windows apple usr users email view zone sec database output \
seconds auto wait min lock java input like intel search map remove category mail dir unix exe rsa target \
detected ftp one starting build full release used select operation tmp html share core uri match channel record \
sub external stop enable storage will transport reply machine etc find image standard history denied proxy flow \
platform any allow accept established private disabled sync old flags complete pending available internet now \
chrome ids txt queue module account settings username alert closed master drop note task subject rule resource \
int disk cannot secure double where safari stats global exit which region microsoft ubuntu such primary \
requested window raw sshd unable services engine attributes that you scan destination public due option some \
missing profile handler aes vendor cluster json already backup does valid format rate cloud messages off blocked \
common title report updated function trace syslog reset startup values mime when disable win pool amd console \
mobile critical creating extension required register len ref priority show high payload metadata other endpoint \
signal configured hello shutdown stopped handle times while have exec prefix custom details long role issuer \
meta names execution disconnected filename seen finished uuid point activity but modified successfully offset \
buffer namespace generic store rpc deleted shared display into sig commit removed component order virtual \
monitor done idle fuid utf unique attempt sep item template mysql via tlsv firefox caller dest origin too err \
smtp controller images requests fatal entry medium owner opt screen tunnel plugin notification ready progress \
connections ethernet proc switch bind runtime help sql tags body logging mon yes worker gcm identity management \
python multi pipe retry job";
