using System.Net;
using Grpc.Core;
using Metering.Client;
using Metering.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Metering.Contracts.Tests;

/// <summary>The client library, over a real connection to a service that refuses as told.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ClientTests
{
    private static readonly Line[] Lines = [Line.Of("llm.output_tokens", 900, ("model", "large"))];

    private readonly RefusingReservations service = new();
    private readonly HurriedTime time = new();
    private WebApplication server = null!;
    private ServiceProvider host = null!;

    private MeteringClient Metering => host.GetRequiredService<MeteringClient>();

    [SetUp]
    public async Task Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(service).AddGrpc();
        server = builder.Build();
        server.MapGrpcService<RefusingReservations>();
        await server.StartAsync();
        Connect(new MeteringOptions());
    }

    [TearDown]
    public async Task Stop()
    {
        await host.DisposeAsync();
        await server.DisposeAsync();
    }

    [TestCase(StatusCode.Unavailable)]
    [TestCase(StatusCode.Aborted)]
    [TestCase(StatusCode.ResourceExhausted)]
    public async Task What_passes_is_tried_again_under_the_same_id(StatusCode status)
    {
        service.Refuse(status, times: 2);
        await using var hold = await Metering.Reserve("user-1", Lines);
        var asked = service.Asked.Cast<ReserveRequest>().ToArray();
        Assert.That(asked, Has.Length.EqualTo(3).And.All.EqualTo(asked[0]));
        Assert.That(hold.Id, Is.EqualTo(asked[0].CommandId));
    }

    [Test]
    public async Task What_one_instance_does_not_answer_the_next_one_is_asked_under_the_same_id()
    {
        using var instances = new Failover([new Uri("http://127.0.0.1:1"), new Uri(server.Urls.Single())]);
        var metering = new MeteringClient(new(instances), time);
        await using var hold = await metering.Reserve("user-1", Lines);
        await hold.Commit();
        Assert.That(service.Asked.OfType<ReserveRequest>().Single().CommandId, Is.EqualTo(hold.Id));
        Assert.That(time.Pauses, Has.Count.EqualTo(1), "the one that answers is stayed with");
    }

    [Test]
    public async Task A_watch_goes_on_at_the_next_instance()
    {
        service.Refuse(StatusCode.Unavailable);
        using var instances = new Failover([new Uri(server.Urls.Single()), new Uri("http://127.0.0.1:1")]);
        var metering = new MeteringClient(new(instances), time);
        var lost = new List<string>();
        for (var i = 0; i < 2; i++)
            lost.Add(Assert.ThrowsAsync<MeteringException>(async () => await metering.WatchUsage("user-1").LastAsync())!.Message);
        Assert.That(lost[0], Is.EqualTo("as told"));
        Assert.That(lost[1], Is.Not.EqualTo("as told"), "the second watch was at the other one");
        await metering.WatchUsage("user-1").LastAsync();
        Assert.That(service.Asked, Has.Count.EqualTo(2), "and the third at the first again");
    }

    [Test]
    public async Task A_try_without_an_answer_is_given_up_and_made_again()
    {
        service.Refuse(StatusCode.DeadlineExceeded);
        await using var hold = await Metering.Reserve("user-1", Lines);
        Assert.That(service.Asked, Has.Count.EqualTo(2).And.All.EqualTo(service.Asked[0]));
    }

    [Test]
    public async Task Usage_told_late_says_when_it_happened()
    {
        var then = DateTimeOffset.UnixEpoch.AddYears(56);
        await Metering.Track("user-1", Lines, TrackMode.PostPaid, then);
        await Metering.Track("user-1", Lines, TrackMode.Enforced);
        var asked = service.Asked.Cast<TrackRequest>().Select(one => (one.Mode, one.OccurredAt?.ToDateTimeOffset()));
        Assert.That(asked, Is.EqualTo(new[] { (TrackMode.PostPaid, then), (TrackMode.Enforced, (DateTimeOffset?)null) }));
    }

    [Test]
    public void Tries_end_and_their_pauses_double_up_to_the_longest()
    {
        service.Refuse(StatusCode.Unavailable, times: 9);
        Connect(new MeteringOptions { FirstPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromMilliseconds(300) });
        var error = Assert.ThrowsAsync<MeteringException>(() => Metering.Reserve("user-1", Lines))!;
        Assert.That(error.Status, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(service.Asked, Has.Count.EqualTo(5));
        int[] longest = [100, 200, 300, 300];
        Assert.That(time.Pauses.Zip(longest, (pause, most) => pause.TotalMilliseconds / most), Has.Exactly(4).InRange(0.5, 1));
    }

    [Test]
    public void No_try_begins_after_the_timeout()
    {
        service.Refuse(StatusCode.Unavailable);
        var pause = TimeSpan.FromSeconds(20);
        Connect(new MeteringOptions { Timeout = TimeSpan.FromSeconds(9), FirstPause = pause, LongestPause = pause });
        Assert.ThrowsAsync<MeteringException>(() => Metering.GetUsage("user-1"));
        Assert.That(time.Pauses, Is.Empty);
    }

    [Test]
    public void What_is_wrong_is_said_once_with_its_field()
    {
        var wrong = new Error { Field = "lines[0].quantity", Expected = "1 or more", Reason = "the quantity is 0" };
        service.Refuse(StatusCode.InvalidArgument, error: wrong);
        var error = Assert.ThrowsAsync<MeteringException>(() => Metering.Refund("user-1", "r-1", "mistake"))!;
        Assert.That((error.Status, error.Error), Is.EqualTo((StatusCode.InvalidArgument, wrong)));
        Assert.That((error.Field, error.Expected), Is.EqualTo((wrong.Field, wrong.Expected)));
        Assert.That(service.Asked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Ids_are_dated_and_differ()
    {
        var before = time.GetUtcNow();
        await Metering.Refund("user-1", "r-1", "mistake");
        await Metering.Refund("user-1", "r-1", "mistake");
        var ids = service.Asked.Cast<RefundRequest>().Select(asked => Guid.Parse(asked.CommandId)).ToArray();
        Assert.That(ids, Is.Unique.And.All.Property(nameof(Guid.Version)).EqualTo(7));
        Assert.That(DatedAt(ids[0]), Is.EqualTo(before).Within(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public async Task A_denial_is_an_answer_and_leaves_nothing_to_release()
    {
        service.Denial = new Denial { Reason = DenialReason.FundingExhausted, Group = "tokens", Needed = 900, Remaining = 50 };
        await using (var hold = await Metering.Reserve("user-1", Lines))
        {
            Assert.That((hold.Allowed, hold.Denial), Is.EqualTo((false, service.Denial)));
            Assert.Throws<InvalidOperationException>(() => _ = hold.Id);
        }
        Assert.That(service.Asked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Disposing_releases_what_was_not_committed()
    {
        var hold = await Metering.Reserve("user-1", Lines);
        await hold.DisposeAsync();
        await hold.DisposeAsync();
        Assert.That(service.Asked.OfType<ReleaseRequest>().Single().ReservationId, Is.EqualTo(hold.Id));
    }

    [Test]
    public async Task Disposing_keeps_what_was_committed()
    {
        await using (var hold = await Metering.Reserve("user-1", Lines)) await hold.Commit(Lines);
        Assert.That(service.Asked.OfType<CommitRequest>().Single().Actual.Items, Is.EqualTo(Lines));
        Assert.That(service.Asked.OfType<ReleaseRequest>(), Is.Empty);
    }

    [Test]
    public async Task A_failed_commit_is_not_given_away_and_keeps_its_id()
    {
        await using (var hold = await Metering.Reserve("user-1", Lines))
        {
            service.Refuse(StatusCode.Internal);
            Assert.ThrowsAsync<MeteringException>(() => hold.Commit());
            await hold.Commit();
        }
        Assert.That(service.Asked.OfType<CommitRequest>().Select(asked => asked.CommandId).Distinct().Count(), Is.EqualTo(1));
        Assert.That(service.Asked.OfType<ReleaseRequest>(), Is.Empty);
    }

    [Test]
    public async Task The_whole_hold_and_nothing_at_all_are_two_commits()
    {
        await (await Metering.Reserve("user-1", Lines)).Commit();
        await (await Metering.Reserve("user-1", Lines)).Commit([]);
        var commits = service.Asked.OfType<CommitRequest>().ToArray();
        Assert.That(commits[0].Actual, Is.Null);
        Assert.That(commits[1].Actual.Items, Is.Empty);
    }

    [Test]
    public async Task A_release_that_fails_on_disposal_is_left_to_expire()
    {
        var hold = await Metering.Reserve("user-1", Lines);
        service.Refuse(StatusCode.Unavailable, times: 5);
        Assert.DoesNotThrowAsync(async () => await hold.DisposeAsync());
        Assert.That(service.Asked.OfType<ReleaseRequest>().Count(), Is.EqualTo(5));
    }

    [Test]
    public async Task Extending_moves_the_deadline()
    {
        await using var hold = await Metering.Reserve("user-1", Lines);
        await hold.Extend(TimeSpan.FromMinutes(3), Lines);
        Assert.That(hold.Deadline, Is.EqualTo(RefusingReservations.Deadline.ToDateTimeOffset().AddMinutes(3)));
        Assert.That(service.Asked.OfType<ExtendRequest>().Single().Add, Is.EqualTo(Lines));
    }

    [Test]
    public async Task A_part_of_a_run_names_it_and_both_are_released()
    {
        await using (var run = await Metering.Reserve("user-1", Lines))
        await using (await run.Reserve(Lines, TimeSpan.FromMinutes(3)))
            Assert.That(service.Asked.OfType<ReserveRequest>().Select(asked => asked.ParentId), Is.EqualTo(new[] { "", run.Id }));
        var ids = service.Asked.OfType<ReserveRequest>().Select(asked => asked.CommandId);
        Assert.That(service.Asked.OfType<ReleaseRequest>().Select(asked => asked.ReservationId), Is.EqualTo(ids.Reverse()));
    }

    [Test]
    public async Task Watching_goes_on_until_the_service_ends_it()
    {
        service.Refuse(StatusCode.Unavailable);
        var seen = new List<long>();
        Assert.ThrowsAsync<MeteringException>(async () =>
        {
            await foreach (var usage in Metering.WatchUsage("user-1")) seen.Add(usage.Revision);
        });
        await foreach (var usage in Metering.WatchUsage("user-1")) seen.Add(usage.Revision);
        Assert.That(seen, Is.EqualTo(new long[] { 0, 1, 0, 1 }));
    }

    [Test]
    public void Giving_up_is_no_error_of_the_service() => Assert.That(
        async () => await Metering.Reserve("user-1", Lines, cancellation: new CancellationToken(canceled: true)),
        Throws.InstanceOf<OperationCanceledException>());

    private static DateTimeOffset DatedAt(Guid id) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(id.ToString("N")[..12], fromBase: 16));

    private void Connect(MeteringOptions options)
    {
        host?.Dispose();
        var services = new ServiceCollection().AddSingleton<TimeProvider>(time);
        services.AddMetering(new Uri(server.Urls.Single()), options);
        host = services.BuildServiceProvider();
    }
}
