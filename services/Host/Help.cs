namespace Metering.Host;

internal static class Help
{
    public const string Text = """
        Metering: every service in one process, on the embedded default.

        usage: Metering.Host [--SETTING=value ...] [--stop-with-stdin]

        Settings come from arguments, environment variables (`:` is `__`) and appsettings.json:
          Urls                       where gRPC is served (HTTP/2 without TLS)   http://127.0.0.1:5100; port 0 takes a free one
          HealthUrls                 where /health/live and /health/ready are    http://127.0.0.1:5101; empty for none
          DataFolder                 where the event store's file is             .data/metering
          EventStore                 sqlite, sqlite:PATH or memory               sqlite
          Bus                        memory or amqp://USER:PASSWORD@HOST:PORT/VHOST (RabbitMQ)   memory
          Reservations:Grace         how long after its deadline a hold counts   00:00:30
          Stripe:ApiBase             where Stripe is                             http://127.0.0.1:12111 (the simulator in infra/)
          Stripe:ApiKey              its key                                     sk_test_simulator
          Stripe:RequestsPerSecond   own rate limit                              see services/BillingSync/README.md
          OTEL_EXPORTER_OTLP_ENDPOINT  where traces and metrics go               none

        Addresses off loopback are refused: there is no access control yet.
        --stop-with-stdin ends the host when its standard input closes.
        """;
}
