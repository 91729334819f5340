using System.Text.Json;
using Metering.Balances.ReadModels;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;

namespace Metering.Balances.Tests;

/// <summary>The read model <c>balances</c>, fed batch by batch. Every document passes through JSON, as it would through a database.</summary>
internal sealed class Documents(IReadModel model)
{
    private Position upto = Position.Start;

    public Documents() : this(new MemoryReadModel(BalancesProjection.Schema))
    {
    }

    public static Documents After(IEnumerable<StoredEvent> events, Func<int> batchSize) =>
        new Documents().Take(events, batchSize);

    public Documents Take(IEnumerable<StoredEvent> events, Func<int> batchSize)
    {
        var rest = events.ToList();
        while (rest.Count > 0)
        {
            var size = Math.Min(rest.Count, batchSize());
            Apply([.. rest.Take(size)]);
            rest.RemoveRange(0, size);
        }
        return this;
    }

    public static Documents After(params Player[] players) =>
        After(players.SelectMany(player => player.Stored).Select((stored, i) => stored with { Position = new((ulong)i + 1, 0) }), () => 3);

    public void Apply(IReadOnlyList<StoredEvent> batch)
    {
        var changed = BalancesProjection.Projection.Fold(batch, model, default).Result;
        Assert.That(model.Apply([.. changed.Select(ThroughJson)], upto, batch[^1].Position, default).Result, Is.True);
        upto = batch[^1].Position;
    }

    public UserBalance Balance(string user) => model.Load<UserBalance>([user], default).Result[user];

    public IReadOnlyList<BillingPeriod> Periods(string user) => model.Range(BillingPeriod.ByUser, BillingPeriod.Of(user), 1000, default).Result;

    public IReadOnlyList<BillingPeriod> Due(DateTimeOffset at) =>
        model.Range(BillingPeriod.ByDue, new KeyRange(Below: BillingPeriod.DueAt(at.AddTicks(1))), 1000, default).Result;

    /// <summary>Every document, as text.</summary>
    public string[] All =>
    [
        .. model.Range(UserBalance.ByUser, KeyRange.All, int.MaxValue, default).Result.Select(one => JsonSerializer.Serialize(one)),
        .. model.Range(BillingPeriod.ByUser, KeyRange.All, int.MaxValue, default).Result.Select(one => JsonSerializer.Serialize(one)),
    ];

    private static IDocument ThroughJson(IDocument document)
    {
        var text = JsonSerializer.Serialize(document, document.GetType());
        var again = (IDocument)JsonSerializer.Deserialize(text, document.GetType())!;
        Assert.That(JsonSerializer.Serialize(again, document.GetType()), Is.EqualTo(text), "JSON holds all of it");
        return again;
    }
}
