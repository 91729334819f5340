using Metering.BillingSync.Reconciling;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.BillingSync.Webhooks;
using Metering.Kernel.Hosting;
using Metering.V1;
using Microsoft.Extensions.Options;

namespace Metering.BillingSync;

/// <summary>The section <c>Billing</c> of the configuration.</summary>
public sealed class BillingOptions
{
    private static readonly BillingOptions Unset = new();

    /// <summary>As a program lists them.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new("Billing:Sink", "where usage is reported to: stripe, or file:PATH, to a file that ends in .csv or .ndjson", Unset.Sink),
        new("Billing:Grace", "how long after a period's end its invoice takes usage; later usage is carried forward", Unset.Grace),
        new("Billing:Every", "how often running periods are reported and what is too late is carried; 1 s or more", Unset.Every),
        new("Billing:CarryForward", "auto, or operator: it waits for metering carry-forward", Unset.CarryForward),
        new("Billing:Plans:*", "Billing:Plans:PRICE: the plan of who subscribes to that Stripe price, by its id, lookup key or product"),
        new("Billing:PlanChange", "how it follows another plan: now_carry, now_reset or next_period", Unset.PlanChange),
        new("Billing:SuspendOnPaymentFailed", "failed payments of an invoice that suspend the user; 0: never",
            Unset.SuspendOnPaymentFailed),
        new("Billing:Credits:*", "Billing:Credits:CURRENCY:Unit and :PerSmallestUnit: what a cent grants", null, "the money itself"),
        new("Billing:Reconcile:Every", "how often all is reconciled with Stripe, findings recorded; a minute or more", null, "when asked"),
        new("Billing:Reconcile:Between", "the time between two looks at a difference", Unset.Reconcile.Between),
        new("Billing:Reconcile:Settle", "how long after a report was settled summaries are trusted to show it", Unset.Reconcile.Settle),
        new("Billing:Reconcile:ReadsPerMonth", "reads of Stripe's API in any 30 days", Unset.Reconcile.ReadsPerMonth),
        new("Billing:Reconcile:ReadsPerSecond", "reads started per second", Unset.Reconcile.ReadsPerSecond),
        new("Billing:Meters:*", "Billing:Meters:EVENT_NAME:Mode: period, or continuous: reported while the period runs", null, "period"),
    ];

    /// <summary>Where usage is reported to: <c>stripe</c>, or <c>file:PATH</c> with PATH ending in .csv or .ndjson.</summary>
    public string Sink { get; set; } = "stripe";

    /// <summary>
    /// How long after a period's end its invoice still takes usage; what comes later is carried forward. Stripe finalizes invoices 1 to 72
    /// h after their creation, as the account is set.
    /// </summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromHours(72);

    /// <summary>How often running periods are reported, where they are, and what can no longer be billed is carried; 1 s or more.</summary>
    public TimeSpan Every { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// <c>auto</c>: what can no longer be billed is carried to the open period as it is found. <c>operator</c>: it waits, listed, until
    /// somebody says so.
    /// </summary>
    public string CarryForward { get; set; } = Auto;

    /// <summary>Settings per Stripe meter, by its event_name.</summary>
    public Dictionary<string, MeterOptions> Meters { get; } = [];

    /// <summary>Plan ids by the id, the lookup key or the product of a Stripe price.</summary>
    public Dictionary<string, string> Plans { get; } = [];

    /// <summary>How a subscription's plan follows another: <c>now_carry</c>, <c>now_reset</c>, <c>next_period</c>.</summary>
    public string PlanChange { get; set; } = "now_carry";

    /// <summary>
    /// After so many failed payments of a subscription's invoice the user is suspended, at the latest after the last that Stripe makes by
    /// itself, until it is paid or void. 0: never. The first ones often succeed later: a card is renewed, a bank confirms.
    /// </summary>
    public int SuspendOnPaymentFailed { get; set; } = 3;

    /// <summary>What payments grant, by Stripe's currency in lower case.</summary>
    public Dictionary<string, CreditOptions> Credits { get; } = [];

    /// <summary>Where the service <c>Accounts</c> is; several instances with commas between. None: this very process serves it.</summary>
    public string? Accounts { get; set; }

    /// <summary>The addresses; one that is malformed is none.</summary>
    internal IReadOnlyList<Uri?> AccountsAt =>
        [.. (Accounts ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(AddressOf)];

    /// <summary>How it is compared with what Stripe has.</summary>
    public ReconcileOptions Reconcile { get; } = new();

    internal const string Auto = "auto";
    internal const string Operator = "operator";

    /// <summary>True if nobody has to be asked before something is carried.</summary>
    public bool CarriesByItself => CarryForward == Auto;

    /// <summary>The file to export to; none: Stripe is reported to.</summary>
    public string? File => Sink.StartsWith("file:", StringComparison.Ordinal) ? Sink["file:".Length..] : null;

    /// <summary>What decisions need of it.</summary>
    public BillingPolicy ToPolicy()
    {
        var continuous = Meters.Where(meter => meter.Value.Mode == MeterOptions.Continuous).Select(meter => meter.Key);
        return new(Grace, continuous.ToHashSet(StringComparer.Ordinal), NamesUsers: File is not null);
    }

    /// <summary>What Stripe's events mean by it.</summary>
    public AccountPolicy ToAccountPolicy() => new(
        Plans, ChangeOf(PlanChange) ?? throw new InvalidOperationException($"Billing:PlanChange is '{PlanChange}'"),
        SuspendOnPaymentFailed, Credits);

    internal static PlanChange? ChangeOf(string name) => name switch
    {
        "now_carry" => V1.PlanChange.NowCarry,
        "now_reset" => V1.PlanChange.NowReset,
        "next_period" => V1.PlanChange.NextPeriod,
        _ => null,
    };

    private static Uri? AddressOf(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null;
}

/// <summary>How one Stripe meter is reported.</summary>
public sealed class MeterOptions
{
    internal const string Period = "period";
    internal const string Continuous = "continuous";

    /// <summary><c>period</c>: when a period ends and when it is closed. <c>continuous</c>: also while it runs.</summary>
    public string Mode { get; set; } = Period;
}

/// <summary>Refuses at start what could only fail later.</summary>
internal sealed class BillingOptionsRules : IValidateOptions<BillingOptions>
{
    public ValidateOptionsResult Validate(string? name, BillingOptions options)
    {
        var wrong = Wrong(options).ToList();
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static IEnumerable<string> Wrong(BillingOptions options)
    {
        if (options.Sink != "stripe" && !(options.File is { } file && FileExport.IsPath(file)))
            yield return $"Billing:Sink is '{options.Sink}'; expected stripe, or file:PATH with a PATH that ends in .csv or .ndjson";
        if (options.Grace < TimeSpan.Zero) yield return $"Billing:Grace is {options.Grace}; expected 0 or more";
        if (options.Every < TimeSpan.FromSeconds(1)) yield return $"Billing:Every is {options.Every}; expected a second or more";
        if (options.CarryForward is not (BillingOptions.Auto or BillingOptions.Operator))
            yield return $"Billing:CarryForward is '{options.CarryForward}'; expected auto or operator";
        if (BillingOptions.ChangeOf(options.PlanChange) is null)
            yield return $"Billing:PlanChange is '{options.PlanChange}'; expected now_carry, now_reset or next_period";
        if (options.SuspendOnPaymentFailed < 0)
            yield return $"Billing:SuspendOnPaymentFailed is {options.SuspendOnPaymentFailed}; expected 0 or more";
        if (options.AccountsAt.Contains(null))
            yield return $"Billing:Accounts is '{options.Accounts}'; expected addresses like http://127.0.0.1:5110";
        foreach (var (currency, credit) in options.Credits)
        {
            if (credit.Unit.Length == 0) yield return $"Billing:Credits:{currency}:Unit is ''; expected a meter's unit, or a currency";
            if (credit.PerSmallestUnit < 1)
                yield return $"Billing:Credits:{currency}:PerSmallestUnit is {credit.PerSmallestUnit}; expected 1 or more";
        }
        foreach (var wrong in options.Reconcile.Wrong()) yield return wrong;
        foreach (var (meter, settings) in options.Meters)
            if (settings.Mode is not (MeterOptions.Period or MeterOptions.Continuous))
                yield return $"Billing:Meters:{meter}:Mode is '{settings.Mode}'; expected period or continuous";
    }
}
