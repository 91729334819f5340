using System.Diagnostics;
using System.Net;
using System.Text;
using EventStore.Client;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Metering.EventStoreDouble.Hosting;

namespace Metering.Standins.Tests.EventStoreDB;

/// <summary>The client against a double of a node: the same with the genuine client and with its stand-in.</summary>
public sealed class EventStoreClientTests
{
    private static readonly UserCredentials Admin = new("admin", "changeit");

    private CancellationTokenSource _stop = null!;
    private DoubleCluster _double = null!;
    private EventStoreClient _client = null!;

    private CancellationToken Stop => _stop.Token;

    [SetUp]
    public void Limit() => _stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));

    [TearDown]
    public async Task Close()
    {
        await _client.DisposeAsync();
        await _double.DisposeAsync();
        _stop.Dispose();
    }

    private async Task Open(DoubleOptions? options = null)
    {
        _double = await DoubleCluster.Start(options);
        _client = new EventStoreClient(EventStoreClientSettings.Create(_double.ConnectionString));
    }

    private static EventData Event(string data = "{}", string metadata = "") =>
        new(Uuid.NewUuid(), "noted.v1", Encoding.UTF8.GetBytes(data), Encoding.UTF8.GetBytes(metadata));

    private Task<IWriteResult> Append(string stream, StreamState expected, EventData[] events, UserCredentials? user = null) =>
        Apart(_client.AppendToStreamAsync(stream, expected, events, userCredentials: user, cancellationToken: Stop));

    private Task<IWriteResult> Append(string stream, ulong expected, UserCredentials? user = null) =>
        Apart(_client.AppendToStreamAsync(stream, new StreamRevision(expected), [Event()], userCredentials: user, cancellationToken: Stop));

    // appends are answered inside the client's receiving loop, where a test that waits for the next answer would wait for ever
    private async Task<IWriteResult> Apart(Task<IWriteResult> append)
    {
        try
        {
            return await append.WaitAsync(Stop);
        }
        finally
        {
            await Task.Yield();
        }
    }

    private async Task<List<ResolvedEvent>> Read(string stream)
    {
        var all = new List<ResolvedEvent>();
        await foreach (var found in _client.ReadStreamAsync(Direction.Forwards, stream, StreamPosition.Start,
            cancellationToken: Stop)) all.Add(found);
        return all;
    }

    private static IEnumerable<UserCredentials?> Ways() => [null, Admin];

    [TestCaseSource(nameof(Ways))]
    public async Task An_append_answers_where_it_is(UserCredentials? user)
    {
        await Open();
        var first = await Append("s", StreamState.NoStream, [Event(), Event()], user);
        var second = await Append("s", 1, user);
        Assert.That((first.NextExpectedStreamRevision.ToInt64(), second.NextExpectedVersion), Is.EqualTo((1L, 2L)));
        Assert.That((await Read("s")).Select(found => found.Event.Position), Has.Member(first.LogPosition).And.Member(second.LogPosition));
    }

    [TestCaseSource(nameof(Ways))]
    public async Task A_wrong_revision_says_the_actual_one(UserCredentials? user)
    {
        await Open();
        await Append("s", StreamState.NoStream, [Event(), Event()], user);
        var wrong = Assert.ThrowsAsync<WrongExpectedVersionException>(() => Append("s", 7, user))!;
        Assert.That((wrong.StreamName, wrong.ExpectedVersion, wrong.ActualVersion), Is.EqualTo(("s", (long?)7, (long?)1)));
        var none = Assert.ThrowsAsync<WrongExpectedVersionException>(() => Append("none", 0, user))!;
        Assert.That((none.ActualVersion, none.ActualStreamRevision), Is.EqualTo(((long?)null, StreamRevision.None)));
    }

    [TestCaseSource(nameof(Ways))]
    public async Task A_wrong_revision_may_be_an_answer(UserCredentials? user)
    {
        await Open();
        var result = await Apart(_client.AppendToStreamAsync(
            "s", new StreamRevision(3), [Event()], options =>
                options.ThrowOnAppendFailure = false, userCredentials: user, cancellationToken: Stop));
        Assert.That(result, Is.TypeOf<WrongExpectedVersionResult>());
        Assert.That(((WrongExpectedVersionResult)result).ActualVersion, Is.EqualTo(-1));
    }

    [TestCaseSource(nameof(Ways))]
    public async Task Too_many_bytes_are_refused_with_the_limit(UserCredentials? user)
    {
        await Open(new DoubleOptions { MaxAppendSize = 1_000 });
        var large = Assert.ThrowsAsync<MaximumAppendSizeExceededException>(
            () => Append("s", StreamState.Any, [Event(new string('x', 2_000))], user))!;
        Assert.That(large.MaxAppendSize, Is.EqualTo(1_000));
    }

    [TestCaseSource(nameof(Ways))]
    public async Task A_stream_that_was_deleted_for_good_stays_so(UserCredentials? user)
    {
        await Open();
        await Append("s", StreamState.NoStream, [Event()], user);
        await _client.TombstoneAsync("s", StreamState.Any, userCredentials: user, cancellationToken: Stop);
        Assert.ThrowsAsync<StreamDeletedException>(() => Append("s", StreamState.Any, [Event()], user));
    }

    [Test]
    public async Task A_deleted_stream_is_not_found()
    {
        await Open();
        await Append("s", StreamState.NoStream, [Event()]);
        await _client.DeleteAsync("s", StreamState.Any, cancellationToken: Stop);
        Assert.ThrowsAsync<StreamNotFoundException>(() => Read("s"));
        Assert.That(await _client.ReadStreamAsync(Direction.Forwards, "s", StreamPosition.Start, cancellationToken: Stop).ReadState,
            Is.EqualTo(ReadState.StreamNotFound));
    }

    [Test]
    public async Task Messages_are_enumerated_once()
    {
        await Open();
        await Append("s", StreamState.NoStream, [Event()]);
        var read = _client.ReadStreamAsync(Direction.Backwards, "s", StreamPosition.End, 1, cancellationToken: Stop);
        var kinds = new List<Type>();
        await foreach (var message in read.Messages) kinds.Add(message.GetType());
        Assert.That(kinds[..2], Is.EqualTo(new[] { typeof(StreamMessage.Ok), typeof(StreamMessage.Event) }));
        Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var _ in read.Messages) { }
        });
    }

    [Test]
    public async Task A_subscription_confirms_brings_what_it_wants_and_says_that_it_caught_up()
    {
        await Open();
        await Append("a-1", StreamState.Any, [Event()]);
        await Append("b-1", StreamState.Any, [Event()]);
        var last = await Append("a-2", StreamState.Any, [Event()]);
        var (seen, upto) = (new List<string>(), Position.Start);
        await using var subscription = _client.SubscribeToAll(
            FromAll.Start, filterOptions: new SubscriptionFilterOptions(StreamFilter.Prefix("a-", "c-")), cancellationToken: Stop);
        await foreach (var message in subscription.Messages)
        {
            if (message is StreamMessage.SubscriptionConfirmation) seen.Add("confirmed");
            if (message is StreamMessage.Event(var found)) seen.Add(found.OriginalStreamId);
            if (message is StreamMessage.AllStreamCheckpointReached(var position)) upto = position;
            if (message is StreamMessage.CaughtUp) break;
        }
        Assert.That(seen, Is.EqualTo(new[] { "confirmed", "a-1", "a-2" }));
        Assert.That(upto, Is.GreaterThanOrEqualTo(last.LogPosition));
        Assert.That(subscription.SubscriptionId, Is.Not.Empty);
    }

    [Test]
    public async Task Metadata_is_what_was_set()
    {
        await Open();
        Assert.That((await _client.GetStreamMetadataAsync("s", cancellationToken: Stop)).Metadata.MaxCount, Is.Null);
        await _client.SetStreamMetadataAsync("s", StreamState.Any, new StreamMetadata(maxCount: 2, maxAge: TimeSpan.FromDays(1)),
            cancellationToken: Stop);
        var known = (await _client.GetStreamMetadataAsync("s", cancellationToken: Stop)).Metadata;
        Assert.That((known.MaxCount, known.MaxAge), Is.EqualTo(((int?)2, (TimeSpan?)TimeSpan.FromDays(1))));
        await Append("s", StreamState.Any, [Event("1"), Event("2"), Event("3")]);
        Assert.That((await Read("s")).Select(found => found.OriginalEventNumber.ToInt64()), Is.EqualTo(new[] { 1L, 2L }));
    }

    [Test]
    public async Task The_ambient_trace_is_added_to_metadata_that_is_an_object_or_empty()
    {
        await Open();
        using var activity = new Activity("a call").SetIdFormat(ActivityIdFormat.W3C).Start();
        await Append("s", StreamState.Any, [Event(metadata: "{\"by\":\"me\"}"), Event(metadata: ""), Event(metadata: "[1]")]);
        var (trace, span) = (activity.TraceId.ToHexString(), activity.SpanId.ToHexString());
        Assert.That((await Read("s")).Select(found => Encoding.UTF8.GetString(found.Event.Metadata.Span)), Is.EqualTo(new[]
        {
            $$"""{"by":"me","$traceId":"{{trace}}","$spanId":"{{span}}"}""", $$"""{"$traceId":"{{trace}}","$spanId":"{{span}}"}""", "[1]",
        }));
    }

    [TestCaseSource(nameof(Ways))]
    public async Task Who_is_not_the_leader_says_who_is_and_the_next_call_goes_there(UserCredentials? user)
    {
        await Open(new DoubleOptions { Nodes = 3 });
        await Append("s", StreamState.NoStream, [Event()], user);
        _double.Elect(_double.Nodes[1]);
        var elsewhere = Assert.ThrowsAsync<NotLeaderException>(() => Append("s", 0, user))!;
        Assert.That(elsewhere.LeaderEndpoint, Is.EqualTo(new DnsEndPoint("127.0.0.1", _double.Nodes[1].Port)));
        Assert.That((await Append("s", 0, user)).NextExpectedVersion, Is.EqualTo(1));
    }

    [Test]
    public async Task A_lost_node_is_a_failed_call()
    {
        await Open();
        await Append("s", StreamState.NoStream, [Event()]);
        await _double.Nodes[0].Stop();
        var lost = Assert.ThrowsAsync<RpcException>(() => Append("s", 0, Admin))!;
        // the genuine client says Unknown where the loss is found while the request is written
        Assert.That(lost.StatusCode, Is.EqualTo(StatusCode.Unavailable).Or.EqualTo(StatusCode.Unknown));
    }

    [Test]
    public async Task Appends_go_on_however_soon_their_shared_stream_broke()
    {
        await Open();
        var settings = EventStoreClientSettings.Create(_double.ConnectionString);
        settings.Interceptors = [new BreakingOnce()];
        await using var client = new EventStoreClient(settings);
        await client.GetStreamMetadataAsync("s", cancellationToken: Stop); // connected, so that nothing waits any more
        var broken = AtOnce(() => client.AppendToStreamAsync("s", StreamState.Any, [Event()], cancellationToken: Stop));
        Assert.ThrowsAsync<RpcException>(() => Apart(broken));
        var next = await Apart(client.AppendToStreamAsync("s", StreamState.Any, [Event()], cancellationToken: Stop));
        Assert.That(next.NextExpectedStreamRevision.ToInt64(), Is.Zero);
    }

    // what a call leaves to other threads they may do before it goes on: here it is done so for certain
    private static T AtOnce<T>(Func<T> call)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new Inline());
        try
        {
            return call();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private sealed class Inline : SynchronizationContext
    {
        public override void Post(SendOrPostCallback callback, object? state) => callback(state);
    }

    private sealed class BreakingOnce : Interceptor
    {
        private bool _broken;

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            if (_broken) return continuation(context);
            _broken = true;
            throw new RpcException(new Status(StatusCode.Unavailable, "gone"));
        }
    }

    [Test]
    public async Task A_cluster_of_which_nobody_answers_is_not_found()
    {
        await Open(new DoubleOptions { Nodes = 2 });
        foreach (var node in _double.Nodes) await node.Stop();
        await using var client = new EventStoreClient(EventStoreClientSettings.Create($"{_double.ConnectionString}&maxDiscoverAttempts=2"));
        var lost = Assert.ThrowsAsync<DiscoveryException>(() =>
            client.AppendToStreamAsync("s", StreamState.Any, [Event()], cancellationToken: Stop))!;
        Assert.That(lost.MaxDiscoverAttempts, Is.EqualTo(2));
    }

    [Test]
    public async Task Credentials_are_asked_for()
    {
        await Open(new DoubleOptions { Credentials = ("admin", "changeit") });
        Assert.ThrowsAsync<AccessDeniedException>(() => Append("s", StreamState.Any, [Event()]));
    }
}
