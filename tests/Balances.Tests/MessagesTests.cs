using System.Text;
using Metering.Balances.Publishing;
using Metering.Contracts.Messages;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using Closed = Metering.Ledger.Accounts.PeriodClosed;
using Ended = Metering.Ledger.Accounts.PeriodEnded;
using Total = Metering.Ledger.Accounts.GroupTotal;

namespace Metering.Balances.Tests;

/// <summary>Which events the bus is told of, and in which words.</summary>
public sealed class MessagesTests
{
    private static readonly Total Tokens500 = new(
        "tokens", 1, "tokens", GroupKind.Funding, 1, 2, 3, 4, 5, -6, -7, -9, 8,
        new Ledger.Catalog.Reporting("llm_tokens", 10, Reports.Overage));

    private static readonly string Hash = new('a', 64);

    private static readonly Ledger.Accounts.Period First = new(1, May, June);

    [Test]
    public void An_ended_period()
    {
        var happened = new Ended(June, First, [Tokens500], "cus_1", null, null);
        var message = (Contracts.Messages.PeriodEnded)Messages.Of(Stored(happened), happened).Single();
        Assert.That(message with { Groups = [] }, Is.EqualTo(new Contracts.Messages.PeriodEnded("ann", 7, Number(3), June, 1, May, June, "cus_1", [])));
        Assert.That(message.Groups, Is.EqualTo(new[]
        {
            new Contracts.Messages.GroupTotal(
                "tokens", "tokens", "funding", 1, 2, 3, 4, 5, -6, -7, -9, 8, new Contracts.Messages.Reporting("llm_tokens", 10, "overage")),
        }));
    }

    [Test]
    public void A_closed_period()
    {
        var happened = new Closed(June, First, [Tokens500 with { Reporting = null, Kind = GroupKind.Cap }], [new("llm.tokens", 9, 1)], null);
        var message = (Contracts.Messages.PeriodClosed)Messages.Of(Stored(happened), happened).Single();
        Assert.That(
            message with { Groups = [], Meters = [] },
            Is.EqualTo(new Contracts.Messages.PeriodClosed("ann", 7, Number(3), June, 1, May, June, null, [], [], Hash)));
        Assert.That(
            message.Groups.Single(),
            Is.EqualTo(new Contracts.Messages.GroupTotal("tokens", "tokens", "cap", 1, 2, 3, 4, 5, -6, -7, -9, 8, null)));
        Assert.That(message.Meters, Is.EqualTo(new[] { new Contracts.Messages.MeterTotal("llm.tokens", 9, 1) }));
    }

    [Test]
    public void A_closed_period_without_a_hash_is_told_without_one()
    {
        var happened = new Closed(June, First, [], [], null);
        var message = Messages.Of(Stored(happened) with { Metadata = "{}"u8.ToArray() }, happened).Single();
        Assert.That(((Contracts.Messages.PeriodClosed)message).Hash, Is.Null);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_threshold(bool lifetime)
    {
        var end = lifetime ? DateTimeOffset.MaxValue : June;
        var happened = new Ledger.Accounts.ThresholdReached(June, "tokens", 1, May, end, 80, 400, 500);
        Assert.That(Messages.Of(Stored(happened), happened), Is.EqualTo(new[]
        {
            new Contracts.Messages.ThresholdReached("ann", 7, Number(3), June, "tokens", May, lifetime ? null : June, 80, 400, 500),
        }));
    }

    [TestCase(Reports.Usage, "usage")]
    [TestCase(Reports.Overage, "overage")]
    [TestCase(Reports.Charge, "charge")]
    public void What_is_reported(Reports what, string name)
    {
        var happened = new Ended(June, First, [Tokens500 with { Reporting = new("m", 1, what) }], null, null, null);
        var message = (Contracts.Messages.PeriodEnded)Messages.Of(Stored(happened), happened).Single();
        Assert.That(message.Groups[0].Reporting!.What, Is.EqualTo(name));
    }

    [Test]
    public void Every_other_event_is_silent_and_an_unknown_one_is_not()
    {
        var loud = LedgerEvents.Names.Where(name => !Messages.IsSilent(name));
        Assert.That(loud, Is.EquivalentTo(new[] { "period_ended.v1", "period_closed.v1", "threshold_reached.v1" }));
        Assert.That(Messages.IsSilent("unheard.v9"), Is.False, "so that decoding stops at it");
        var plan = new PlanEnded(June, By(1), 1);
        Assert.That(Messages.Of(Stored(plan), plan), Is.Empty);
    }

    [Test]
    public void An_id_is_the_same_each_time_and_another_for_another_event_or_message()
    {
        var id = Messages.IdOf(Number(3), typeof(Contracts.Messages.PeriodEnded));
        Assert.That(Messages.IdOf(Number(3), typeof(Contracts.Messages.PeriodEnded)), Is.EqualTo(id));
        Assert.That(Messages.IdOf(Number(4), typeof(Contracts.Messages.PeriodEnded)), Is.Not.EqualTo(id));
        Assert.That(Messages.IdOf(Number(3), typeof(Contracts.Messages.PeriodClosed)), Is.Not.EqualTo(id));
        Assert.That((id.Version, id.Variant & 0xc), Is.EqualTo((8, 0x8)));
    }

    private static StoredEvent Stored(LedgerEvent happened)
    {
        var (type, data) = LedgerEvents.Encode(happened);
        return new StoredEvent("ledger-ann", 7, new Position(9, 9), Number(3), type, data, Encoding.ASCII.GetBytes($$"""{"actor":"tests","hash":"{{Hash}}"}"""));
    }
}
