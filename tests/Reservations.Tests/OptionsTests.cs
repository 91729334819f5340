using Metering.Kernel.Streams;
using Metering.Reservations.Tests.Services;
using Microsoft.Extensions.Options;

namespace Metering.Reservations.Tests;

public sealed class OptionsTests
{
    [TestCase("Reservations:Grace", "01:00:01")]
    [TestCase("Reservations:SessionInFlight", "0")]
    [TestCase("Reservations:WatchersMost", "0")]
    [TestCase("Reservations:Deciding:BatchBytesMost", "2000000")]
    [TestCase("Reservations:Deciding:WaitingMost", "0")]
    public void A_setting_out_of_range_stops_the_start(string key, string value) =>
        Assert.That(async () => await Instance.Start(new MemoryStreams(TimeProvider.System), TimeProvider.System, (key, value)),
            Throws.TypeOf<OptionsValidationException>());

    [Test]
    public async Task As_many_watch_as_may()
    {
        var watch = new UsageWatch(new ReservationsOptions { WatchersMost = 2 });
        using var one = watch.Watch("ledger-ada");
        var two = watch.Watch("ledger-ada");
        Assert.That(() => watch.Watch("ledger-bob"), Throws.TypeOf<TooManyException>());
        two.Dispose();
        using var three = watch.Watch("ledger-bob");
        watch.Changed("ledger-ada");
        watch.Changed("ledger-ada");
        await one.Next(TimeSpan.FromHours(1), TimeProvider.System, CancellationToken.None);
    }

    [TestCase(1, 1)]
    [TestCase(200, 1)]
    [TestCase(1_000, 5)]
    [TestCase(10_000, 30)]
    public void The_more_watch_the_less_often_each_looks(int watchers, int seconds)
    {
        var watch = new UsageWatch(new ReservationsOptions());
        for (var i = 0; i < watchers; i++) watch.Watch($"ledger-{i}");
        Assert.That(watch.LookEvery, Is.EqualTo(TimeSpan.FromSeconds(seconds)));
    }
}
