using System.Globalization;

namespace Metering.StripeSimulator;

internal sealed record CommandLine(SimulatorOptions Options, bool StopWithInput = false, bool Help = false)
{
    private string Secret { get; init; } = WebhookTarget.DefaultSecret;

    internal const string Usage = """
        Usage: StripeSimulator [options]

        A stand-in for the part of Stripe that usage is reported to. It bills nobody and asks for no real key.

          --urls URL             where to listen; loopback only (default http://127.0.0.1:0, any free port)
          --port N               the same, on 127.0.0.1
          --stop-with-stdin      stop when standard input closes, so that it ends with the program that started it

          --meter EVENT_NAME     an active sum meter of that event name in every account; may be repeated
          --any-customer         take usage of customers never heard of (else it is answered 200, then dropped)
          --refuse-unknown-customers   refuse usage of customers never heard of at once
          --accept-unknown-meters      answer 200 to usage without an active meter, then drop it

          --webhook URL          tell snapshot events (customer.*, invoice.*, …) to that address; may be repeated
          --thin-webhook URL     tell thin events (v1.billing.meter.*) to that address; may be repeated
          --webhook-secret TEXT  what the webhooks named after it are signed with (default whsec_simulator)
          --api-version TEXT     the version that events say they are of (default 2026-07-29.dahlia)
          --error-samples N      how many of the errors of one code a report names (default 5)
          --samples-name-events  reports name identifiers of events instead of idempotency keys

          --rate-limit N         refuse more than N requests per second and account (a sandbox of the real one takes 25)
          --summary-lag TIME     events show in summaries that much later
          --summary-lag-varies   each after a part of it of its own
          --invoice-grace TIME   how long an invoice stays a draft (default 01:00:00)
          --forget-after TIME    how long identifiers are remembered (default 24:00:00)
          --ahead TIME           start with the simulated clock that far ahead

          --help                 this text

        TIME is hours:minutes:seconds, as 25:00:00. While it runs, / is a readable page and /state the same as JSON;
        POST /simulator/clock, /faults, /release, /lose, /webhooks and /checkout/ID/complete: see its README.
        """;

    internal static CommandLine Parse(IEnumerable<string> arguments)
    {
        var left = new Queue<string>(arguments);
        var parsed = new CommandLine(new SimulatorOptions());
        while (left.TryDequeue(out var name)) parsed = parsed.With(name, left);
        return parsed;
    }

    private CommandLine With(string name, Queue<string> left) => name switch
    {
        "--help" or "-h" => this with { Help = true },
        "--urls" => this with { Options = Options with { Address = new Uri(Value(name, left)) } },
        "--port" => this with { Options = Options with { Address = new Uri($"http://127.0.0.1:{Number(name, left)}") } },
        "--rate-limit" => this with { Options = Options with { RateLimit = Number(name, left) } },
        "--any-customer" => this with { Options = Options with { AnyCustomer = true } },
        "--meter" => this with { Options = Options with { Meters = [.. Options.Meters, Value(name, left)] } },
        "--refuse-unknown-customers" => this with { Options = Options with { UnknownCustomerIsSync = true } },
        "--accept-unknown-meters" => this with { Options = Options with { UnknownMeterIsAsync = true } },
        "--webhook" => With(Target(name, left, thin: false)),
        "--thin-webhook" => With(Target(name, left, thin: true)),
        "--webhook-secret" => this with { Secret = Value(name, left) },
        "--api-version" => this with { Options = Options with { ApiVersion = Value(name, left) } },
        "--error-samples" => this with { Options = Options with { ErrorSamples = Number(name, left) } },
        "--samples-name-events" => this with { Options = Options with { SamplesNameEvents = true } },
        "--summary-lag" => this with { Options = Options with { SummaryLag = Time(name, left) } },
        "--summary-lag-varies" => this with { Options = Options with { SummaryLagVaries = true } },
        "--invoice-grace" => this with { Options = Options with { InvoiceGrace = Time(name, left) } },
        "--forget-after" => this with { Options = Options with { IdentifierMemory = Time(name, left) } },
        "--ahead" => this with { Options = Options with { Ahead = Time(name, left) } },
        "--stop-with-stdin" => this with { StopWithInput = true },
        _ => throw new FormatException($"Unknown option {name}."),
    };

    private CommandLine With(WebhookTarget target) => this with { Options = Options with { Webhooks = [.. Options.Webhooks, target] } };

    private WebhookTarget Target(string name, Queue<string> left, bool thin) =>
        Uri.TryCreate(Value(name, left), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? new WebhookTarget(url, Secret, thin)
            : throw new FormatException($"{name} needs an http address.");

    private static TimeSpan Time(string name, Queue<string> left) =>
        Hours.TryParse(Value(name, left), out var time) ? time : throw new FormatException($"{name} needs a time as 25:00:00.");

    private static string Value(string name, Queue<string> left) =>
        left.TryDequeue(out var value) ? value : throw new FormatException($"{name} needs a value.");

    private static int Number(string name, Queue<string> left) =>
        int.TryParse(Value(name, left), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{name} needs a number.");
}
