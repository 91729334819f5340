using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Tests.Catalog;

/// <summary>Given these events, when this command, then exactly this event and answer. Folds what was decided, too.</summary>
internal sealed class CatalogSpec
{
    public static readonly DateTimeOffset May = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CatalogState state;
    private CatalogDecision? decision;

    private CatalogSpec(CatalogState state) => this.state = state;

    public static CatalogSpec Given(params CatalogEvent[] events) => new(Folded(events));

    public static CatalogState Folded(params CatalogEvent[] events) =>
        events.Aggregate(CatalogState.Empty, (state, @event) => state.Fold(@event));

    public CatalogSpec When(CatalogCommand command, DateTimeOffset? now = null)
    {
        decision = CatalogDecisions.Decide(state, command, now ?? May, zone => zone is "UTC" or "Europe/Berlin");
        if (decision.Event is { } @event) state.Fold(@event);
        return this;
    }

    public void Then(CatalogEvent @event, Answer answer) => Assert.That(decision, Is.EqualTo(new CatalogDecision(@event, answer)));

    public void ThenNothing(Answer answer) => Assert.That(decision, Is.EqualTo(new CatalogDecision(null, answer)));

    public void ThenRefused(RefusalKind kind, string field)
    {
        Assert.That(decision!.Event, Is.Null);
        Assert.That(decision.Answer, Is.TypeOf<Refused>());
        Assert.That(((Refused)decision.Answer).Field, Is.EqualTo(field), ((Refused)decision.Answer).Message);
        Assert.That(((Refused)decision.Answer).Kind, Is.EqualTo(kind));
    }
}

/// <summary>A small catalog to test with.</summary>
internal static class Samples
{
    public static readonly Meter Tokens = new("llm.tokens", "tokens");
    public static readonly Meter Images = new("image.render", "count");

    public static Guid Id(int number) => new(number, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 0);

    public static ContentHash Hash(int number) => new((ulong)number, 0);

    public static Cause Cause(int number) => new(Id(number), Hash(number));

    public static MeterDeclared Declared(int number, Meter meter) => new(CatalogSpec.May, Cause(number), meter);

    public static LimitGroup Funding(string label = "tokens", string unit = "tokens", string meter = "llm.tokens") =>
        new(label, unit, GroupKind.Funding, [new Match(meter, Attributes.None)], 1_000, WindowLength.BillingPeriod, Anchor.Calendar);

    public static LimitGroup Cap(string label = "daily", string unit = "tokens", string meter = "llm.*") =>
        new(label, unit, GroupKind.Cap, [new Match(meter, Attributes.None)], 100, WindowLength.Day, Anchor.Calendar);

    public static Plan Plan(params LimitGroup[] groups) =>
        new("pro", 0, WindowLength.Month, Anchor.Calendar, "Europe/Berlin", "USD", 0, TimeSpan.Zero, groups.ToItems());

    public static PriceEntry Entry(string meter = "llm.tokens", long nanos = 150) => new(meter, Attributes.None, new(100, 1), new(nanos, 1));

    public static Attributes Where(string key, string value) => Attributes.Of([new(key, value)]);
}
