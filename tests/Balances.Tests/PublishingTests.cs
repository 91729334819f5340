using Metering.Balances.Publishing;
using Metering.Contracts.Messages;
using Metering.Ledger.Accounts;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using PeriodClosed = Metering.Contracts.Messages.PeriodClosed;
using PeriodEnded = Metering.Contracts.Messages.PeriodEnded;

namespace Metering.Balances.Tests;

/// <summary>The publisher on a real bus.</summary>
internal sealed class PublishingTests : ServiceTest
{
    [Test]
    public async Task What_happened_is_told_with_ids_that_a_repeat_has_too()
    {
        var ann = Ended();
        await Show(ann);
        var first = new[] { await Ear.Next(Stop), await Ear.Next(Stop) };
        var (ended, closed) = Pair(first);
        Assert.That((ended.User, ended.Revision, ended.EventId, ended.Period), Is.EqualTo(("ann", 2L, ann.Stored[2].Id, 1)));
        Assert.That((closed.Revision, closed.EventId, closed.Groups.Single().Quota), Is.EqualTo((3L, ann.Stored[3].Id, 120L)));
        Assert.That(first.Select(one => one.Id), Is.EquivalentTo(new Guid?[]
        {
            Messages.IdOf(ann.Stored[2].Id, typeof(PeriodEnded)), Messages.IdOf(ann.Stored[3].Id, typeof(PeriodClosed)),
        }));

        await Service.DisposeAsync();
        await StartService();
        var again = new[] { await Ear.Next(Stop), await Ear.Next(Stop) };
        Assert.That(again.Select(one => one.Id), Is.EquivalentTo(first.Select(one => one.Id)), "in memory it starts from the beginning");
    }

    [Test]
    public async Task A_bus_that_is_away_is_tried_again()
    {
        Ear.FailNext(3);
        await Show(Ended());
        Pair(await Ear.Next(Stop), await Ear.Next(Stop));
        await Service.Projector("publishing").WaitUntil(progress => progress.Ready, Stop);
    }

    private Player Ended()
    {
        var ann = Player("ann");
        ann.Do(id => new Track(id, Hash(1), [Tokens(120)], Enforced: true));
        ann.Now = June;
        ann.Do(Close(1));
        return ann;
    }

    /// <summary>Two kinds have two queues, so they may arrive either way round.</summary>
    private static (PeriodEnded, PeriodClosed) Pair(params (Guid? Id, object Message)[] heard) =>
        (heard.Select(one => one.Message).OfType<PeriodEnded>().Single(), heard.Select(one => one.Message).OfType<PeriodClosed>().Single());
}
