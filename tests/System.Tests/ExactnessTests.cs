using Metering.V1;

namespace Metering.SystemTests;

internal sealed class ExactnessTests : SystemTest
{
    [Test]
    public async Task Of_20_simultaneous_reservations_of_75_against_500_exactly_6_are_granted_a_hundred_times()
    {
        await Host.PublishPlan("exact", 500);
        for (var round = 0; round < 100; round++)
        {
            var user = $"exact-{round}";
            await Host.Assign(user, "exact");
            var replies = await Task.WhenAll(Enumerable.Range(0, 20)
                .Select(_ => Host.Reservations.ReserveAsync(Scene.Reserve(user, 75)).ResponseAsync));
            Assert.That(replies.Count(reply => reply.Allowed), Is.EqualTo(6), user);
            var denial = replies.First(reply => !reply.Allowed).Denial;
            Assert.That((denial.Group, denial.Needed, denial.Quota, denial.Remaining), Is.EqualTo(("Tokens", 75L, 500L, 500L - denial.Held)));
            Assert.That(await Host.Events(user), Is.EqualTo(1 + 6), "one assignment, six reservations, no denial");
        }
    }

    [Test]
    public async Task A_session_answers_many_commands_in_flight_each_by_its_correlation()
    {
        await Host.PublishPlan("session", 1_000_000);
        await Host.Assign("session", "session");
        using var session = Host.Reservations.Session();
        for (ulong i = 1; i <= 1_000; i++)
            await session.RequestStream.WriteAsync(new SessionRequest { Correlation = i, Reserve = Scene.Reserve("session", 10) });
        await session.RequestStream.CompleteAsync();
        var answered = new HashSet<ulong>();
        while (await session.ResponseStream.MoveNext(default))
        {
            Assert.That(session.ResponseStream.Current.Reserve.Allowed);
            answered.Add(session.ResponseStream.Current.Correlation);
        }
        Assert.That(answered, Has.Count.EqualTo(1_000));
        Assert.That((await Host.Reservations.GetUsageAsync(new GetUsageRequest { User = "session" })).Usage.Groups[0].Held, Is.EqualTo(10_000));
    }

    [Test]
    public async Task A_watcher_sees_the_balance_at_once_and_after_each_change()
    {
        await Host.PublishPlan("watched", 100);
        await Host.Assign("watched", "watched");
        using var watch = Host.Reservations.WatchUsage(new WatchUsageRequest { User = "watched" });
        await watch.ResponseStream.MoveNext(default);
        Assert.That(watch.ResponseStream.Current.Usage.Groups[0].Available, Is.EqualTo(100));
        var reserved = await Host.Reservations.ReserveAsync(Scene.Reserve("watched", 30));
        await watch.ResponseStream.MoveNext(default);
        Assert.That(watch.ResponseStream.Current.Usage.Groups[0].Available, Is.EqualTo(70));
        await Host.Reservations.ReleaseAsync(new ReleaseRequest { User = "watched", CommandId = Scene.NewId(), ReservationId = reserved.Granted.ReservationId });
        await watch.ResponseStream.MoveNext(default);
        Assert.That(watch.ResponseStream.Current.Usage.Groups[0].Available, Is.EqualTo(100));
    }
}
