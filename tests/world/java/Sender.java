import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.resources.Resource;
import java.util.concurrent.TimeUnit;

/** OpenTelemetry's SDK for Java, run by doors_more.py: KIND ADDRESS COUNT; the secret is in SECRET. */
class Sender {
    static final String SECRET = System.getenv("SECRET");

    static LogRecordExporter exporter(String kind, String address) {
        String packed = kind.substring(kind.indexOf('-') + 1);
        if (kind.startsWith("grpc")) {
            return OtlpGrpcLogRecordExporter.builder().setEndpoint("http://" + address).setCompression(packed).build();
        }
        return OtlpHttpLogRecordExporter.builder().setEndpoint("http://" + address + "/v1/logs").setCompression(packed).build();
    }

    public static void main(String[] arguments) {
        int count = Integer.parseInt(arguments[2]);
        Resource resource = Resource.create(Attributes.of(
            AttributeKey.stringKey("service.name"), "shop", AttributeKey.stringKey("api_key"), SECRET));
        SdkLoggerProvider provider = SdkLoggerProvider.builder().setResource(resource)
            .addLogRecordProcessor(BatchLogRecordProcessor.builder(exporter(arguments[0], arguments[1]))
                .setMaxQueueSize(count + 256).setMaxExportBatchSize(256).build())
            .build();
        for (long n = 0; n < count; n++) {
            // Of every ten events the tenth has no secret.
            boolean plain = n % 10 == 9;
            String body = plain ? "GET /item/" + n + " 200"
                : "login n=" + n + " user=alice pass" + "word=" + SECRET + " from 203.0.113.9";
            Attributes attributes = plain
                ? Attributes.of(AttributeKey.longKey("n"), n, AttributeKey.stringKey("http.route"), "/item/{id}")
                : Attributes.of(AttributeKey.longKey("n"), n, AttributeKey.stringKey("db.pass" + "word"), SECRET);
            provider.get("doors").logRecordBuilder().setSeverity(Severity.INFO).setBody(body).setAllAttributes(attributes).emit();
        }
        if (!provider.forceFlush().join(60, TimeUnit.SECONDS).isSuccess()) {
            System.exit(1);
        }
        provider.shutdown().join(60, TimeUnit.SECONDS);
        System.exit(0);
    }
}
