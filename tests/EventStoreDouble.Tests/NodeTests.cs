using Google.Protobuf;
using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Tests;

/// <summary>Three nodes: who leads, who answers, who is away.</summary>
public sealed class NodeTests : DoubleTest
{
    private static readonly Metadata RequiresLeader = new() { { "requires-leader", "True" } };

    protected override DoubleOptions Options => new() { Nodes = 3 };

    private async Task<string> States(DoubleNode asked)
    {
        var members = (await new Gossip.GossipClient(Channel(asked)).ReadAsync(new(), cancellationToken: Stop)).Members;
        Assert.That(members.Select(member => (int)member.HttpEndPoint.Port), Is.EqualTo(Double.Nodes.Select(node => node.Port)));
        Assert.That(members.Select(member => member.HttpEndPoint.Address).Distinct(), Is.EqualTo(new[] { "127.0.0.1" }));
        return string.Join(' ', members.Select(member => $"{member.State}{(member.IsAlive ? "" : "!")}"));
    }

    [Test]
    public async Task Every_node_says_who_they_are()
    {
        Assert.That(await States(Double.Nodes[2]), Is.EqualTo("Leader Follower Follower"));
        Double.Elect(Double.Nodes[1]);
        await Double.Nodes[0].Stop();
        Assert.That(await States(Double.Nodes[2]), Is.EqualTo("Shutdown! Leader Follower"));
        Double.Elect(null);
        Assert.That(await States(Double.Nodes[2]), Is.EqualTo("Shutdown! Unknown Unknown"));
    }

    [Test]
    public async Task A_node_lists_its_methods_in_lower_case()
    {
        var features = await Features(Channel(Double.Nodes[0]), Stop);
        Assert.That(features.Methods.Select(method => $"{method.ServiceName}/{method.MethodName}"),
            Is.SupersetOf(new[] { "event_store.client.streams.streams/batchappend", "event_store.client.streams.streams/read" }));
    }

    [Test]
    public async Task A_follower_says_where_the_leader_is_to_who_requires_it()
    {
        var follower = To(Double.Nodes[1]);
        var batch = follower.BatchAppend(RequiresLeader, cancellationToken: Stop);
        await batch.RequestStream.WriteAsync(new()
        {
            CorrelationId = new() { String = NewId().ToString() },
            IsFinal = true,
            Options = new() { StreamIdentifier = Named("s"), Any = new() },
        }, Stop);
        var read = follower.Read(StreamFrom("s"), RequiresLeader, cancellationToken: Stop);
        var append = Append(follower, "s", Any, [Event(NewId())], RequiresLeader);
        foreach (var call in new Task[] { append, batch.ResponseStream.MoveNext(Stop), read.ResponseStream.MoveNext(Stop) })
        {
            var error = await Failure(call);
            var trailers = new[] { "exception", "leader-endpoint-host", "leader-endpoint-port" }.Select(name => Trailer(error, name));
            Assert.That(error.StatusCode, Is.EqualTo(StatusCode.NotFound));
            Assert.That(trailers, Is.EqualTo(new[] { "not-leader", "127.0.0.1", $"{Double.Nodes[0].Port}" }));
        }
    }

    [Test]
    public async Task A_follower_passes_on_what_does_not_require_the_leader()
    {
        var id = NewId();
        await Append(To(Double.Nodes[1]), "s", Any, [Event(id)]);
        Assert.That(await Ids(StreamFrom("s")), Is.EqualTo(new[] { id }));
    }

    [Test]
    public async Task Without_a_leader_nothing_is_taken()
    {
        Double.Elect(null);
        var error = await Failure(Append("s", Any, NewId()));
        Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo((StatusCode.Unavailable, "Server Is Not Ready")));
    }

    [Test]
    public async Task A_stopped_node_refuses_and_comes_back_on_its_port_with_its_data()
    {
        var ids = await Many("s", 2);
        await Double.Nodes[0].Stop();
        Assert.That((await Failure(Read(StreamFrom("s")))).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        await Double.Nodes[0].Start();
        Assert.That(await Ids(StreamFrom("s")), Is.EqualTo(ids));
    }

    [Test]
    public async Task Data_may_be_lost()
    {
        await Many("s", 2);
        Double.Forget();
        Assert.That((await Append(To(Double.Nodes[0]), "s", None, [Event(NewId())])).Success.CurrentRevision, Is.Zero);
    }

    [Test]
    public async Task A_cut_connection_ends_subscriptions()
    {
        var request = StreamFrom("s");
        request.Options.Subscription = new();
        using var call = Client.Read(request, cancellationToken: Stop);
        for (var i = 0; i < 2; i++) await call.ResponseStream.MoveNext(Stop);
        Double.CutConnections();
        Assert.That((await Failure(call.ResponseStream.MoveNext(Stop))).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That((await Append("s", None, NewId())).Success, Is.Not.Null, "new ones are taken");
    }

    [TestCase(FaultKind.NotReady, "Server Is Not Ready")]
    [TestCase(FaultKind.TooBusy, "Server Is Too Busy")]
    public async Task Reads_may_be_refused(FaultKind fault, string said)
    {
        Double.Faults.Add(new Fault(fault) { Calls = CallKind.Read });
        var error = await Failure(Read(StreamFrom("s")));
        Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo((StatusCode.Unavailable, said)));
        Assert.That(await Ids(StreamFrom("s")), Is.Empty, "once");
    }

    [Test]
    public async Task An_append_may_be_carried_out_and_time_out()
    {
        Double.Faults.Add(new Fault(FaultKind.TimeOut));
        var id = NewId();
        Assert.That((await Failure(Append("s", None, id))).StatusCode, Is.EqualTo(StatusCode.Aborted));
        Assert.That(await Ids(StreamFrom("s")), Is.EqualTo(new[] { id }));
    }

    [Test]
    public async Task An_append_above_the_limit_is_refused_whole()
    {
        var data = ByteString.CopyFrom(new byte[600_000]);
        var (first, second) = (Event(NewId()), Event(NewId()));
        (first.Data, second.Data) = (data, data);
        var error = await Failure(Append("s", None, first, second));
        Assert.That((error.StatusCode, Trailer(error, "exception"), Trailer(error, "maximum-append-size")),
            Is.EqualTo((StatusCode.InvalidArgument, "maximum-append-size-exceeded", "1048576")));
        Assert.That(await Ids(StreamFrom("s")), Is.Empty);
    }

    [Test]
    public async Task An_event_without_a_type_is_refused()
    {
        var untyped = Event(NewId());
        untyped.Metadata.Remove("type");
        var error = await Failure(Append("s", None, untyped));
        Assert.That((error.StatusCode, Trailer(error, "exception")),
            Is.EqualTo((StatusCode.InvalidArgument, "missing-required-metadata-property")));
    }
}

/// <summary>A node that asks for credentials, of a version before batches.</summary>
public sealed class SecuredNodeTests : DoubleTest
{
    protected override DoubleOptions Options => new() { Credentials = ("admin", "changeit"), OffersBatchAppend = false };

    private static Metadata Basic(string pair) =>
        new() { { "authorization", "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(pair)) } };

    [Test]
    public async Task Streams_ask_for_credentials()
    {
        Assert.That((await Append(Client, "s", None, [Event(NewId())], Basic("admin:changeit"))).Success, Is.Not.Null);
        var wrong = await Failure(Read(StreamFrom("s"), Basic("admin:guess")));
        Assert.That((wrong.StatusCode, wrong.Status.Detail), Is.EqualTo((StatusCode.Unauthenticated, "Unauthenticated")));
        var none = await Failure(Read(StreamFrom("s")));
        Assert.That((none.StatusCode, Trailer(none, "exception")), Is.EqualTo((StatusCode.PermissionDenied, "access-denied")));
    }

    [Test]
    public async Task Gossip_and_features_do_not()
    {
        var gossip = await new Gossip.GossipClient(Channel(Double.Nodes[0])).ReadAsync(new(), cancellationToken: Stop);
        Assert.That(gossip.Members, Has.Count.EqualTo(1));
        var features = await Features(Channel(Double.Nodes[0]), Stop);
        Assert.That(features.Methods.Select(method => method.MethodName), Has.None.EqualTo("batchappend"));
    }
}
