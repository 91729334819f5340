using Metering.Kernel.Hosting;
using Microsoft.Extensions.Options;

namespace Metering.BillingSync.Sending;

/// <summary>The section <c>Stripe</c> of the configuration.</summary>
public sealed class StripeOptions
{
    private static readonly StripeOptions Unset = new();

    /// <summary>As a program lists them.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new("Stripe:ApiKey", "Stripe's secret or restricted key, sk_… or rk_…", null, "required"),
        new("Stripe:ApiBase", "where Stripe is; plain HTTP only on this machine", Unset.ApiBase),
        new("Stripe:WebhookSecret", "what webhooks are signed with, whsec_…; several with commas between", null, "none: they are refused"),
        new("Stripe:RequestsPerSecond", "calls started per second; 0: no limit", null, "25 with a test key, else 200"),
        new("Stripe:Concurrency", "calls under way", Unset.Concurrency),
        new("Stripe:Timeout", "how long an answer is waited for", Unset.Timeout),
        new("Stripe:RetryAfter", "the wait after a first failure; doubled after each further one", Unset.RetryAfter),
        new("Stripe:RetryAfterMost", "the longest wait between two attempts", Unset.RetryAfterMost),
    ];

    /// <summary>A secret or restricted key: <c>sk_…</c>, <c>rk_…</c>.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>Stripe, or the simulator.</summary>
    public string ApiBase { get; set; } = "https://api.stripe.com";

    /// <summary>What webhooks are signed with, one per endpoint; while one replaces another, both. With commas between.</summary>
    public string WebhookSecret { get; set; } = "";

    /// <summary>The secrets, one by one.</summary>
    public IReadOnlyList<string> WebhookSecrets =>
        WebhookSecret.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Calls started per second; 0 for no limit. Absent: 25 with a test key, as a sandbox takes no more, else 200.</summary>
    public int? RequestsPerSecond { get; set; }

    /// <summary>
    /// Calls under way at once, each for another customer and meter, from the record of the attempt to that of its answer. What is under
    /// way is the rate times how long that takes: 64 keep up 200 a second while it takes 320 ms, 16 only while it takes 80.
    /// </summary>
    public int Concurrency { get; set; } = 64;

    /// <summary>How long an answer is waited for.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The wait after a first failure; doubled after each further one.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between two attempts.</summary>
    public TimeSpan RetryAfterMost { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The rate in force.</summary>
    public int Rate => RequestsPerSecond ?? (ApiKey.Contains("_test_", StringComparison.Ordinal) ? 25 : 200);
}

/// <summary>Refuses at start what could only fail later.</summary>
internal sealed class StripeOptionsRules(IOptions<BillingOptions> billing) : IValidateOptions<StripeOptions>
{
    public ValidateOptionsResult Validate(string? name, StripeOptions options)
    {
        var wrong = Wrong(options).ToList();
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    // The key itself is never part of a message.
    private IEnumerable<string> Wrong(StripeOptions options)
    {
        if (billing.Value.File is null && !IsSecretKey(options.ApiKey))
            yield return "Stripe:ApiKey is no secret key; expected a secret or restricted one, sk_… or rk_…, without spaces";
        if (!IsBase(options.ApiBase)) yield return $"Stripe:ApiBase is '{options.ApiBase}'; expected https://HOST, or http://HOST of this machine";
        if (options.RequestsPerSecond < 0) yield return $"Stripe:RequestsPerSecond is {options.RequestsPerSecond}; expected 0 or more";
        if (options.Concurrency < 1) yield return $"Stripe:Concurrency is {options.Concurrency}; expected 1 or more";
        if (options.Timeout <= TimeSpan.Zero) yield return $"Stripe:Timeout is {options.Timeout}; expected more than nothing";
        if (options.RetryAfter <= TimeSpan.Zero || options.RetryAfterMost < options.RetryAfter)
            yield return $"Stripe:RetryAfter is {options.RetryAfter} and Stripe:RetryAfterMost {options.RetryAfterMost}; expected more than nothing, and not less";
    }

    // a publishable key (pk_) is refused by Stripe as late as at the first report
    private static bool IsSecretKey(string text) =>
        (text.StartsWith("sk_", StringComparison.Ordinal) || text.StartsWith("rk_", StringComparison.Ordinal))
        && !text.Any(char.IsWhiteSpace);

    // a key does not leave the machine in the clear
    private static bool IsBase(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
}
