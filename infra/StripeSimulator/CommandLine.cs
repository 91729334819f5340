using System.Globalization;

namespace Metering.StripeSimulator;

/// <summary>What the program was asked for. Its help is made of the options themselves.</summary>
internal sealed record CommandLine(SimulatorOptions Options, bool StopWithInput = false, bool Help = false)
{
    private static readonly Option[] Known =
    [
        new("--urls", "URL", "where to listen; loopback only (default http://127.0.0.1:0, any free port)",
            (c, v) => c.With(o => o with { Address = new Uri(v.Text) })),
        new("--port", "N", "the same, on 127.0.0.1", (c, v) => c.With(o => o with { Address = new Uri($"http://127.0.0.1:{v.Number()}") })),
        new("--stop-with-stdin", "", "stop when standard input closes, so that it ends with the program that started it",
            (c, _) => c with { StopWithInput = true }),
        new("--meter", "EVENT_NAME", "an active sum meter of that event name in every account; may be repeated",
            (c, v) => c.With(o => o with { Meters = [.. o.Meters, v.Text] })),
        new("--api-key", "KEY", "a key to accept besides sk_test_… and rk_test_…; any other is answered 401; may be repeated",
            (c, v) => c.With(o => o with { ApiKeys = [.. o.ApiKeys, v.Text] })),
        new("--any-customer", "", "take usage of customers never heard of (else it is answered 200, then dropped)",
            (c, _) => c.With(o => o with { AnyCustomer = true })),
        new("--refuse-unknown-customers", "", "refuse usage of customers never heard of at once",
            (c, _) => c.With(o => o with { UnknownCustomerIsSync = true })),
        new("--accept-unknown-meters", "", "answer 200 to usage without an active meter, then drop it",
            (c, _) => c.With(o => o with { UnknownMeterIsAsync = true })),
        new("--forget-after", "TIME", "how long identifiers are remembered (default 24:00:00)",
            (c, v) => c.With(o => o with { IdentifierMemory = v.Time() })),
        new("--rate-limit", "N", "refuse more than N requests per second and account (a sandbox of the real one takes 25)",
            (c, v) => c.With(o => o with { RateLimit = v.Number() })),
        new("--rate-limit-retry", "", "say Stripe-Should-Retry: true then (else nothing)",
            (c, _) => c.With(o => o with { RateLimitShouldRetry = true })),
        new("--summary-lag", "TIME", "events show in summaries that much later", (c, v) => c.With(o => o with { SummaryLag = v.Time() })),
        new("--summary-lag-varies", "", "each after a part of it of its own", (c, _) => c.With(o => o with { SummaryLagVaries = true })),
        new("--invoice-grace", "TIME", "how long an invoice stays a draft (default 01:00:00)",
            (c, v) => c.With(o => o with { InvoiceGrace = v.Time() })),
        new("--ahead", "TIME", "start with the simulated clock that far ahead", (c, v) => c.With(o => o with { Ahead = v.Time() })),
        new("--webhook-secret", "TEXT", $"what the webhooks named after it are signed with (default {WebhookTarget.DefaultSecret})",
            (c, v) => c with { Secret = v.Text }),
        new("--webhook", "URL", "tell events (customer.*, invoice.*, …) to that address; may be repeated",
            (c, v) => c.With(v.Url(), thin: false)),
        new("--thin-webhook", "URL", "tell thin events (v1.billing.meter.*) to that address; may be repeated",
            (c, v) => c.With(v.Url(), thin: true)),
        new("--api-version", "TEXT", "the version that events say they are of (default 2026-07-29.dahlia)",
            (c, v) => c.With(o => o with { ApiVersion = v.Text })),
        new("--error-samples", "N", "how many of the errors of one code a report names (default 5)",
            (c, v) => c.With(o => o with { ErrorSamples = v.Number() })),
        new("--samples-name-events", "", "reports name identifiers of events instead of idempotency keys",
            (c, _) => c.With(o => o with { SamplesNameEvents = true })),
        new("--help", "", "this text", (c, _) => c with { Help = true }),
    ];

    internal static string Usage => $"""
        Usage: StripeSimulator [options]

        A stand-in for the part of Stripe that usage is reported to and billed by. It bills nobody and asks for no real key.

        {string.Join(Environment.NewLine, Known.Select(o => $"  {o.Name + " " + o.Value,-28}{o.Says}"))}

        TIME is hours:minutes:seconds, as 25:00:00. While it runs, / is a readable page and /state the same as JSON; with POST to
        /simulator/clock, /faults, /release, /lose, /tell, /webhooks and /checkout/ID/complete things are made to happen: see its README.
        """;

    private string Secret { get; init; } = WebhookTarget.DefaultSecret;

    internal static CommandLine Parse(IEnumerable<string> arguments)
    {
        var left = new Queue<string>(arguments);
        var parsed = new CommandLine(new SimulatorOptions());
        while (left.TryDequeue(out var name)) parsed = Of(name).Apply(parsed, left);
        return parsed;
    }

    private static Option Of(string name) =>
        Array.Find(Known, o => o.Name == (name == "-h" ? "--help" : name)) ?? throw new FormatException($"Unknown option {name}.");

    private CommandLine With(Func<SimulatorOptions, SimulatorOptions> change) => this with { Options = change(Options) };

    private CommandLine With(Uri url, bool thin) => With(o => o with { Webhooks = [.. o.Webhooks, new WebhookTarget(url, Secret, thin)] });

    private sealed record Option(string Name, string Value, string Says, Func<CommandLine, Given, CommandLine> Change)
    {
        internal CommandLine Apply(CommandLine before, Queue<string> left)
        {
            if (Value.Length == 0) return Change(before, new Given(Name, ""));
            if (!left.TryDequeue(out var text)) throw new FormatException($"{Name} needs a value.");
            return Change(before, new Given(Name, text));
        }
    }

    /// <summary>An option's value, and what it is asked to be.</summary>
    private sealed record Given(string Name, string Text)
    {
        internal int Number() => int.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{Name} needs a number.");

        internal TimeSpan Time() => Hours.TryParse(Text, out var time)
            ? time
            : throw new FormatException($"{Name} needs a time as 25:00:00.");

        internal Uri Url() => Uri.TryCreate(Text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new FormatException($"{Name} needs an http address.");
    }
}
