using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Reservations.Requests;

namespace Metering.Reservations.Tests;

/// <summary>A small catalog and requests that are right, to be made wrong in one place.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly Asking Asked = new(Catalog(), Now, TimeSpan.FromSeconds(30));

    public static string Id(TimeSpan ahead = default) => Guid.CreateVersion7(Now + ahead).ToString();

    public static V1.Line Line(string meter = "llm.tokens", long quantity = 10, params (string Key, string Value)[] attributes)
    {
        var line = new V1.Line { Meter = meter, Quantity = quantity };
        foreach (var (key, value) in attributes) line.Attributes.Add(key, value);
        return line;
    }

    public static V1.ReserveRequest Reserve(params V1.Line[] lines) => new() { User = "ada", CommandId = Id(), Lines = { lines } };

    private static CatalogState Catalog() => CatalogState.Empty
        .Fold(new MeterDeclared(Now, Cause(1), new("llm.tokens", "tokens")))
        .Fold(new MeterDeclared(Now, Cause(2), new("image.render", "count")))
        .Fold(new PriceBookPublished(Now, Cause(3), Book(1, Now.AddDays(-2), 100)))
        .Fold(new PriceBookPublished(Now, Cause(4), Book(2, Now.AddHours(-1), 200)))
        .Fold(new PlanPublished(Now, Cause(5), Pro(1)))
        .Fold(new PlanPublished(Now, Cause(6), Pro(2)));

    private static Plan Pro(int version) => new(
        "pro", version, Ledger.Windows.WindowLength.Month, Ledger.Windows.Anchor.Calendar, "UTC", "USD", 0, TimeSpan.Zero, Items<LimitGroup>.Empty);

    private static PriceBook Book(int version, DateTimeOffset from, long nanos) =>
        new(version, from, "USD", 1_000_000, [new PriceEntry("llm.tokens", Attributes.None, new(1, 1), new(nanos, 1))]);

    private static Cause Cause(int number) => new(new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), default);
}
