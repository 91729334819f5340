using Metering.BillingSync.Reports;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Tests;

/// <summary>A user who does as chance says.</summary>
internal sealed class SimulatedUser(IEventStreams streams, string name, string stripeMeter, Random random)
{
    private readonly TestLedger ledger = new(streams, name);
    private readonly List<long> left = [];
    private readonly long scale = new[] { 1, 7, 1_000 }[random.Next(3)];
    private readonly TimeSpan lateGrace = TimeSpan.FromHours(new[] { 0, 0, 30, 80 }[random.Next(4)]);
    private bool isLinked = random.Next(4) > 0;
    private int told;

    public string Name => name;
    public string Customer => "cus_" + name;

    /// <summary>What Stripe is to have in the end.</summary>
    public long Billable => ledger.Billable();

    public Task Start(DateTimeOffset now) => ledger.Assign(TestLedger.Daily(scale, stripeMeter, lateGrace), now, isLinked ? Customer : null);

    public async Task Act(DateTimeOffset now)
    {
        switch (random.Next(6))
        {
            case 0 when left.Count > 0: await Refund(random.Next(left.Count), now); break;
            case 1: await Track(random.Next(1, 5_000), now, now.AddHours(-random.Next(1, 40))); break;
            case 2 when !isLinked: await Link(now); break;
            case < 5: await Track(random.Next(1, 5_000), now, null); break;
        }
    }

    /// <summary>Lets the time pass; the messages that came of it.</summary>
    public async Task<IReadOnlyList<TakeTotals>> Advance(DateTimeOffset now)
    {
        await ledger.Advance(now);
        var news = ledger.Messages.Skip(told).ToList();
        told = ledger.Messages.Count;
        return news;
    }

    /// <summary>Gets a customer, and uses enough that no refund outweighs it.</summary>
    public async Task End(DateTimeOffset now, bool uses)
    {
        if (!isLinked) await Link(now);
        if (uses) await Track(1_000_000, now, null);
    }

    private Task Link(DateTimeOffset now)
    {
        isLinked = true;
        return ledger.Assign(TestLedger.Daily(scale, stripeMeter, lateGrace), now, Customer);
    }

    private Task Track(long quantity, DateTimeOffset now, DateTimeOffset? occurredAt)
    {
        left.Add(quantity);
        return ledger.Track(quantity, now, occurredAt);
    }

    private Task Refund(int number, DateTimeOffset now)
    {
        var quantity = Math.Min(left[number], random.Next(1, 3_000));
        left[number] -= quantity;
        return quantity == 0 ? Task.CompletedTask : ledger.Refund(number, quantity, now);
    }
}
