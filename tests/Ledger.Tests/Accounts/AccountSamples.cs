using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Short names for what the specs of a user's ledger are written with. The plan is monthly by the calendar, in UTC and USD.</summary>
internal static class AccountSamples
{
    public static readonly DateTimeOffset May = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset June = May.AddMonths(1);
    public static readonly DateTimeOffset July = May.AddMonths(2);
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    /// <summary>The moment at which a reservation of the default ten minutes, made at <paramref name="at"/>, has expired.</summary>
    public static DateTimeOffset Expiry(DateTimeOffset at) => at + TenMinutes + Grace;

    public static TimeZoneInfo Zones(string id) => TimeZoneInfo.FindSystemTimeZoneById(id);

    // ids and causes

    public static Guid Number(int number) => new(0, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, (byte)(number >> 8), (byte)number);

    public static int NumberOf(Guid id) => (id.ToByteArray(bigEndian: true)[14] << 8) | id.ToByteArray(bigEndian: true)[15];

    /// <summary>A UUIDv7 of that time, the same each time.</summary>
    public static Guid IdAt(DateTimeOffset time, int number)
    {
        var ms = time.ToUnixTimeMilliseconds();
        return new((int)(ms >> 16), (short)ms, 0x7000, 0x80, 0, 0, 0, (byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number);
    }

    public static ContentHash Hash(int number) => new((ulong)number, 7);

    public static Cause By(int command) => new(Number(command), Hash(command));

    // plans

    public static Plan PlanOf(params LimitGroup[] groups) =>
        new("pro", 1, WindowLength.Month, Anchor.Calendar, "UTC", "USD", 0, TimeSpan.Zero, groups.ToItems());

    public static LimitGroup Quota(long quota, string label = "tokens", string meter = "llm.*", string unit = "tokens") =>
        new(label, unit, GroupKind.Funding, [new Match(meter, Attributes.None)], quota, WindowLength.BillingPeriod, Anchor.Calendar);

    public static LimitGroup Cap(long quota, WindowLength window = WindowLength.Day, string label = "daily") =>
        new(label, "tokens", GroupKind.Cap, [new Match("llm.*", Attributes.None)], quota, window, Anchor.Calendar);

    public static LimitGroup Dollars(long nanos) => Quota(nanos, "money", "llm.*", "USD");

    public static Overage Over(long cap, long nanosEach = 0) => new(cap, TierMode.Graduated, [new Tier(long.MaxValue, new(nanosEach, 1), 0)]);

    public static AssignPlan Assign(params LimitGroup[] groups) => Assign(90, PlanOf(groups));

    public static AssignPlan Assign(int number, Plan plan, PlanChange change = PlanChange.NextPeriod, string? customer = null) =>
        new(Number(number), Hash(number), plan, change, customer);

    // lines

    public static AskedLine Tokens(long quantity, params Rate[] rates) => new("llm.tokens", "tokens", Attributes.None, quantity, rates.ToItems());

    public static AskedLine Images(long quantity) => new("image.render", "count", Attributes.None, quantity, []);

    public static AskedLine Of(this AskedLine line, string model) => line with { Attributes = Attributes.Of([new("model", model)]) };

    public static Rate Price(long nanos, long per = 1, int book = 1, DateTimeOffset? from = null) =>
        new(book, from ?? May, DateTimeOffset.MaxValue, "USD", new(nanos, per), 1_000_000);

    public static UsedLine Used(AskedLine line, long overrun = 0, params RatedAmount[] ratings) =>
        new(line.Meter, line.Unit, line.Attributes, line.Quantity, overrun, ratings.Length == 0 ? null : ratings.ToItems());

    public static RatedAmount Rated(long amount, Rate rate, string group = "money") => new(group, rate.Book, rate.Price, rate.MarkupPpm, amount);

    // commands

    public static Reserve Reserve(int number, params AskedLine[] lines) => new(Number(number), Hash(number), lines.ToItems(), TenMinutes, Grace);

    public static Reserve Child(int number, int of, params AskedLine[] lines) => Reserve(number, lines) with { Parent = Number(of) };

    public static Commit Commit(int number, int of, params AskedLine[] actual) =>
        new(Number(number), Hash(number), Number(of), actual.Length == 0 ? null : actual.ToItems());

    public static Release Release(int number, int of) => new(Number(number), Hash(number), Number(of));

    public static Extend Extend(int number, int of, TimeSpan? timeToLive, params AskedLine[] add) =>
        new(Number(number), Hash(number), Number(of), timeToLive, add.ToItems());

    public static Refund Refund(int number, int of, params RefundLine[] lines) =>
        new(Number(number), Hash(number), Number(of), lines.Length == 0 ? null : lines.ToItems(), "bad answer", null);

    public static RefundLine Back(long quantity) => new("llm.tokens", Attributes.None, quantity);

    public static Track Track(int number, params AskedLine[] lines) => new(Number(number), Hash(number), lines.ToItems(), Enforced: true);

    public static Track PostPaid(int number, params AskedLine[] lines) => new(Number(number), Hash(number), lines.ToItems(), Enforced: false);

    public static GrantCredit Grant(int number, long amount, DateTimeOffset? expires = null, int priority = 0, string unit = "tokens") =>
        new(Number(number), Hash(number), unit, amount, priority, expires, $"payment-{number}");

    public static CustomizeLimits Customize(int number, params CustomLimit[] limits) => new(Number(number), Hash(number), limits.ToItems());

    public static EndPlan End(int number) => new(Number(number), Hash(number));

    public static Suspend Suspend(int number) => new(Number(number), Hash(number), "unpaid");

    public static Resume Resume(int number) => new(Number(number), Hash(number));

    public static RevokeCredit Revoke(int number, int grant) => new(Number(number), Hash(number), Number(grant));

    /// <summary>Post-paid usage that happened at <paramref name="occurred"/>.</summary>
    public static Track Late(int number, DateTimeOffset occurred, params AskedLine[] lines) =>
        PostPaid(number, lines) with { OccurredAt = occurred };

    public static ClosePeriod Close(int period) => new(Guid.Empty, default, period);

    // parts and draws

    public static Part Q(long amount) => new(Bucket.Quota, amount);
    public static Part R(long amount) => new(Bucket.Rollover, amount);
    public static Part O(long amount) => new(Bucket.Overage, amount);
    public static Part C(long amount, int grant) => new(Bucket.Credit, amount, Number(grant));

    /// <summary>Taken from (or given back to) a group of the first plan, in the window of May.</summary>
    public static Draw Took(string group, long left, params Part[] parts) => new(group, 1, May, June, parts.ToItems(), left);

    public static Draw In(this Draw draw, DateTimeOffset start, DateTimeOffset end, int since = 1) => draw with { Start = start, End = end, Since = since };

    // events

    public static Reserved Reserved(int number, DateTimeOffset at, Items<UsedLine> lines, params Draw[] draws) =>
        new(at, By(number), Number(number), 1, 1, at + TenMinutes, Grace, lines, draws.ToItems());

    public static Committed Committed(int number, int of, DateTimeOffset at, Items<UsedLine> lines, params Draw[] draws) =>
        new(at, By(number), Number(of), 1, 1, lines, draws.ToItems());

    public static Refunded Unused(int number, int of, DateTimeOffset at, params Draw[] draws) =>
        new(at, By(number), Number(of), 1, null, Refunded.Unused, [], draws.ToItems());

    public static Refunded GaveBack(int number, int of, DateTimeOffset at, Items<RefundLine> lines, params Draw[] draws) =>
        new(at, By(number), Number(of), 1, null, "bad answer", lines, draws.ToItems());

    public static Released Expired(int of, DateTimeOffset at, params Draw[] draws) =>
        new(at, null, Number(of), ReleaseReason.Expired, draws.ToItems());

    public static Released Released(int number, int of, DateTimeOffset at, params Draw[] draws) =>
        new(at, By(number), Number(of), ReleaseReason.Released, draws.ToItems());

    public static CreditRevoked Revoked(int number, int grant, DateTimeOffset at, long amount) =>
        new(at, By(number), Number(grant), amount);

    public static ThresholdReached Reached(DateTimeOffset at, int percent, long used, long limit, string group = "tokens") =>
        new(at, group, 1, May, June, percent, used, limit);

    public static UsageTracked Tracked(int number, DateTimeOffset at, bool enforced, Items<UsedLine> lines, params Draw[] draws) =>
        new(at, By(number), 1, 1, enforced, false, lines, draws.ToItems());
}
