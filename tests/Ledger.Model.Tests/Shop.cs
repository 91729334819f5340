using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Model;

/// <summary>What can be bought and used here: a few plans that differ in everything a plan can say, and lines that some of them cover.</summary>
internal static class Shop
{
    public static readonly DateTimeOffset Opening = new(2026, 1, 30, 23, 59, 59, TimeSpan.Zero);

    public static TimeZoneInfo Zones(string id) => TimeZoneInfo.FindSystemTimeZoneById(id);

    // ---- plans

    private static readonly Overage Tiered = new(40, TierMode.Graduated, [new Tier(10, new(3, 1), 0), new Tier(long.MaxValue, new(5, 2), 7)]);
    private static readonly Overage ByVolume = new(50, TierMode.Volume, [new Tier(20, new(9, 2), 1), new Tier(long.MaxValue, new(4, 1), 30)]);
    private static readonly Overage AsRated = new(900, TierMode.Graduated, [new Tier(long.MaxValue, new(1, 1), 0)]);
    private static readonly Overage Endless = new(long.MaxValue, TierMode.Graduated, [new Tier(long.MaxValue, new(2, 1), 0)]);

    public static readonly IReadOnlyList<Plan> Plans =
    [
        Plan(WindowLength.Day, Anchor.Calendar, "UTC", 0,
            Pays("tokens", "llm.*", 100) with { RolloverMax = 30, CommitAllowance = 5, Overage = Tiered, Thresholds = [50, 100], Reporting = Says(Reports.Overage) },
            Cap("hourly", "llm.*", 90)),
        Plan(WindowLength.Day, Anchor.Calendar, "UTC", 2,
            Pays("tokens", "llm.*", 60) with { CommitAllowance = 10, Thresholds = [80], Reporting = Says(Reports.Usage) },
            Cap("hourly", "llm.*", 70), Cap("weekly", "llm.*", 200) with { Window = WindowLength.Week, Thresholds = [50] },
            Pays("images", "image.render", 25) with { Unit = "count", Window = WindowLength.Lifetime }),
        Plan(WindowLength.Week, Anchor.SubscriptionStart, "America/New_York", 24,
            Pays("tokens", "llm.*", 150) with { Window = WindowLength.Day, Overage = ByVolume, Reporting = Says(Reports.Charge), Thresholds = [50, 120] },
            Cap("hourly", "llm.*", 80) with { Thresholds = [75] }),
        Plan(WindowLength.Month, Anchor.Calendar, "Europe/Berlin", 0,
            Pays("money", "llm.*", 2000) with { Unit = "USD", RolloverMax = 500, Overage = AsRated, Reporting = Says(Reports.Charge), Thresholds = [90] },
            Cap("big", "llm.*", 50, Model("big")) with { Window = WindowLength.Day },
            Cap("spend", "*", 1500) with { Unit = "USD" }),
        Plan(WindowLength.Day, Anchor.SubscriptionStart, "Australia/Lord_Howe", 0,
            Pays("tokens", "llm.tokens", 0), Pays("out", "llm.out", 30) with { Window = WindowLength.Hour, Overage = Endless, Reporting = Says(Reports.Charge) },
            Pays("money", "image.*", 40) with { Unit = "USD", Window = WindowLength.Day, CommitAllowance = 9 }),
        Plan(WindowLength.Month, Anchor.SubscriptionStart, "UTC", 0,
            Pays("tokens", "llm.*", 400) with { Window = WindowLength.Lifetime }, Pays("images", "image.render", 9) with { Unit = "count", RolloverMax = 5 },
            Cap("hourly", "llm.*", 90, Model("big")) with { Anchor = Anchor.SubscriptionStart, Window = WindowLength.Hour }),
        Plan(WindowLength.Day, Anchor.Calendar, "UTC", 0,
            Pays("tokens", "llm.*", 80) with { Overage = ByVolume with { Cap = 10 }, RolloverMax = 200, Reporting = Says(Reports.Charge), Thresholds = [50, 100] },
            Cap("hourly", "llm.*", 90)),
        Plan(WindowLength.Week, Anchor.SubscriptionStart, "America/New_York", 0,
            Pays("tokens", "llm.*", 120) with { Window = WindowLength.Day, Overage = Tiered, Reporting = Says(Reports.Charge), Thresholds = [50] }),
    ];

    private static Plan Plan(WindowLength period, Anchor anchor, string zone, int lateHours, params LimitGroup[] groups) =>
        new("plan", 1, period, anchor, zone, "USD", 0, TimeSpan.FromHours(lateHours), groups.ToItems());

    private static LimitGroup Pays(string label, string meter, long quota) =>
        new(label, "tokens", GroupKind.Funding, [new Match(meter, Attributes.None)], quota, WindowLength.BillingPeriod, Anchor.Calendar);

    private static LimitGroup Cap(string label, string meter, long quota, Attributes? where = null) =>
        new(label, "tokens", GroupKind.Cap, [new Match(meter, where ?? Attributes.None)], quota, WindowLength.Hour, Anchor.Calendar);

    private static Reporting Says(Reports what) => new("meter", 10, what);

    // ---- lines

    private static readonly string[] Meters = ["llm.tokens", "llm.out", "image.render", "voice.seconds"];
    private static readonly string[] Models = ["", "small", "big"];

    private static Attributes Model(string name) => name.Length == 0 ? Attributes.None : Attributes.Of([new("model", name)]);

    /// <summary>A line of a meter and model, as numbers pick them: usually tokens.</summary>
    public static AskedLine Line(int which, long quantity)
    {
        var pick = which % 12;
        var meter = Meters[pick < 6 ? 0 : pick < 8 ? 1 : pick < 11 ? 2 : 3];
        return Line(meter, Models[pick % 3], quantity);
    }

    private static AskedLine Line(string meter, string model, long quantity) => new(meter, Unit(meter), Model(model), quantity, RatesOf(meter, model));

    private static string Unit(string meter) => meter.StartsWith("llm.", StringComparison.Ordinal) ? "tokens" : meter == "image.render" ? "count" : "seconds";

    public static IReadOnlyList<AskedLine> EveryLine => Every;

    private static readonly AskedLine[] Every = Meters.SelectMany(meter => Models.Select(model => Line(meter, model, 1))).ToArray();

    /// <summary>Two price books, the second from the third day on; output of the small model has no price.</summary>
    private static Items<Rate> RatesOf(string meter, string model) => (meter, model) switch
    {
        ("llm.out", "small") => [],
        (_, "big") => [Rate(1, new(15, 2), 1_250_000), Rate(2, new(9, 1), 1_000_000)],
        ("image.render", _) => [Rate(1, new(3, 1), 1_000_000), Rate(2, new(3, 1), 1_100_000)],
        _ => [Rate(1, new(5, 4), 1_000_000), Rate(2, new(7, 1), 1_000_000)],
    };

    private static Rate Rate(int book, Price price, long markup) => book == 1
        ? new(1, DateTimeOffset.MinValue, Opening.AddDays(3), "USD", price, markup)
        : new(2, Opening.AddDays(3), DateTimeOffset.MaxValue, "USD", price, markup);
}
