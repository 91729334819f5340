using Grpc.Core;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.V1;
using static Metering.Ledger.Tests.Accounts.AccountSamples;

namespace Metering.Balances.Tests;

/// <summary>A user's chain, followed over a real connection, and its head as the bus carries it.</summary>
internal sealed class VerifyTests : ServiceTest
{
    [Test]
    public async Task A_history_as_it_was_written()
    {
        var ann = Player("ann");
        Reserve(ann, 5);
        await ann.AppendTo(Streams, Stop);
        var last = Chain.HashOf(ann.Stored[1].Metadata.Span)!;
        Assert.That(await Client.VerifyAsync(new() { User = "ann" }), Is.EqualTo(new VerifyReply { Events = 2, Hash = last }));
        Assert.That(await Client.VerifyAsync(new() { User = "nobody" }), Is.EqualTo(new VerifyReply()));
    }

    [Test]
    public async Task The_first_break_is_named_with_what_is_there()
    {
        var ann = Player("ann");
        for (var i = 0; i < 5; i++) Reserve(ann, 5);
        await Tamper(ann, stored => stored.Revision == 3 ? stored with { Data = "rubbish"u8.ToArray() } : stored);
        var reply = await Client.VerifyAsync(new() { User = "ann" });
        Assert.That((reply.Events, reply.Hash), Is.EqualTo((3L, Chain.HashOf(ann.Stored[2].Metadata.Span))));
        Assert.That((reply.Break.Revision, reply.Break.Fault, reply.Break.Found.Json), Is.EqualTo((3L, V1.ChainFault.Changed, "rubbish")));
        Assert.That(reply.Break.Found.EventId, Is.EqualTo(ann.Stored[3].Id.ToString()));
    }

    [Test]
    public async Task A_history_written_anew_is_found_by_the_head_that_the_bus_carried()
    {
        var ann = Player("ann");
        Reserve(ann, 5);
        ann.Now = June.AddDays(1);
        Reserve(ann, 6);
        await Show(ann);
        Contracts.Messages.PeriodClosed? closed = null;
        while (closed is null) closed = (await Ear.Next(Stop)).Message as Contracts.Messages.PeriodClosed;
        var published = new V1.PublishedHash { Revision = closed.Revision, Hash = closed.Hash };
        Assert.That(closed.Hash, Is.EqualTo(Chain.HashOf(ann.Stored[(int)closed.Revision].Metadata.Span)));
        Assert.That((await Client.VerifyAsync(new() { User = "ann", Published = published })).Break, Is.Null);

        var other = Player("bob");
        Reserve(other, 4);
        await other.AppendTo(Streams, Stop);
        Assert.That((await Client.VerifyAsync(new() { User = "bob", Published = published })).Break.Fault, Is.EqualTo(V1.ChainFault.Missing));
        for (var i = 0; i < 9; i++) Reserve(other, 4);
        await other.AppendTo(Streams, Stop);
        var broken = (await Client.VerifyAsync(new() { User = "bob", Published = published })).Break;
        Assert.That((broken.Revision, broken.Fault), Is.EqualTo((closed.Revision, V1.ChainFault.NotAsPublished)));
    }

    [TestCase("published.revision", -1, "")]
    [TestCase("published.hash", 0, "abc")]
    [TestCase("published.hash", 0, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task What_is_wrong_is_named(string field, long revision, string hash)
    {
        var request = new VerifyRequest { User = "ann", Published = new() { Revision = revision, Hash = hash } };
        Assert.That(await Refused(Client.VerifyAsync(request)), Is.EqualTo((StatusCode.InvalidArgument, field)));
    }

    private async Task Tamper(Player player, Func<StoredEvent, StoredEvent> change)
    {
        var events = player.Stored.Select(change).Select(stored => new NewEvent(stored.Id, stored.Type, stored.Data, stored.Metadata));
        await Streams.Append($"ledger-{player.User}", Revisions.None, [.. events], Stop);
    }
}
