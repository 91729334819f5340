using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Tests;

/// <summary>A double, and plain gRPC calls to it: what is tested here is the double itself, against the rules of a real node.</summary>
public abstract class DoubleTest
{
    private static readonly DateTimeOffset Run = TimeProvider.System.GetUtcNow();
    private readonly List<GrpcChannel> _channels = [];
    private CancellationTokenSource _stop = null!;

    private protected DoubleCluster Double { get; private set; } = null!;
    private protected Streams.StreamsClient Client { get; private set; } = null!;
    private protected CancellationToken Stop => _stop.Token;

    protected virtual DoubleOptions Options => new();

    [SetUp]
    public async Task StartDouble()
    {
        _stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Double = await DoubleCluster.Start(Options);
        Client = To(Double.Nodes[0]);
    }

    [TearDown]
    public async Task StopDouble()
    {
        await Double.DisposeAsync();
        foreach (var channel in _channels) channel.Dispose();
        _channels.Clear();
        _stop.Dispose();
    }

    private protected GrpcChannel Channel(DoubleNode node)
    {
        var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{node.Port}", new() { MaxReceiveMessageSize = 17 << 20 });
        _channels.Add(channel);
        return channel;
    }

    private protected Streams.StreamsClient To(DoubleNode node) => new(Channel(node));

    private protected static async Task<SupportedMethods> Features(GrpcChannel channel, CancellationToken stop) =>
        await new ServerFeatures.ServerFeaturesClient(channel).GetSupportedMethodsAsync(new(), cancellationToken: stop);

    private protected static Guid NewId() => Guid.CreateVersion7(Run);

    private protected static AppendReq.Types.ProposedMessage Event(Guid id, string text = "", string type = "noted.v1") => new()
    {
        Id = new() { String = id.ToString() },
        Metadata = { ["type"] = type, ["content-type"] = "application/json" },
        Data = ByteString.CopyFromUtf8(text),
    };

    private protected static StreamIdentifier Named(string stream) => new() { StreamName = ByteString.CopyFromUtf8(stream) };

    private protected static AppendReq.Types.Options At(string stream, long expected)
    {
        var options = new AppendReq.Types.Options { StreamIdentifier = Named(stream) };
        if (expected == Any) options.Any = new();
        else if (expected == Exists) options.StreamExists = new();
        else if (expected == None) options.NoStream = new();
        else options.Revision = (ulong)expected;
        return options;
    }

    private protected const long None = -1, Any = -2, Exists = -4;

    private protected Task<AppendResp> Append(string stream, long expected, params AppendReq.Types.ProposedMessage[] events) =>
        Append(Client, stream, expected, events);

    private protected async Task<AppendResp> Append(
        Streams.StreamsClient client, string stream, long expected, AppendReq.Types.ProposedMessage[] events, Metadata? headers = null)
    {
        using var call = client.Append(headers, cancellationToken: Stop);
        await call.RequestStream.WriteAsync(new() { Options = At(stream, expected) });
        foreach (var item in events) await call.RequestStream.WriteAsync(new() { ProposedMessage = item });
        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }

    private protected Task<AppendResp> Append(string stream, long expected, params Guid[] ids) =>
        Append(stream, expected, [.. ids.Select(id => Event(id))]);

    private protected async Task<List<Guid>> Many(string stream, int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => NewId()).ToList();
        await Append(stream, Any, [.. ids]);
        return ids;
    }

    private protected static ReadReq StreamFrom(string stream, long? revision = null, bool backwards = false, ulong count = ulong.MaxValue)
    {
        var from = new ReadReq.Types.Options.Types.StreamOptions { StreamIdentifier = Named(stream) };
        if (revision is { } at) from.Revision = (ulong)at;
        else if (backwards) from.End = new();
        else from.Start = new();
        return new() { Options = Read(new() { Stream = from, Count = count, NoFilter = new() }, backwards) };
    }

    private protected static ReadReq AllFrom(AllStreamPosition? from = null, bool backwards = false, ulong count = ulong.MaxValue)
    {
        var all = new ReadReq.Types.Options.Types.AllOptions();
        if (from is not null) all.Position = new() { CommitPosition = from.CommitPosition, PreparePosition = from.PreparePosition };
        else if (backwards) all.End = new();
        else all.Start = new();
        return new() { Options = Read(new() { All = all, Count = count, NoFilter = new() }, backwards) };
    }

    private static ReadReq.Types.Options Read(ReadReq.Types.Options options, bool backwards)
    {
        options.UuidOption = new() { String = new() };
        options.ControlOption = new() { Compatibility = 1 };
        if (backwards) options.ReadDirection = ReadReq.Types.Options.Types.ReadDirection.Backwards;
        return options;
    }

    private protected async Task<List<ReadResp>> Read(ReadReq request, Metadata? headers = null)
    {
        using var call = Client.Read(request, headers, cancellationToken: Stop);
        var all = new List<ReadResp>();
        await foreach (var response in call.ResponseStream.ReadAllAsync(Stop)) all.Add(response);
        return all;
    }

    private protected async Task<List<Guid>> Ids(ReadReq request) =>
        [.. (await Read(request)).Where(item => item.Event is not null).Select(item => Guid.Parse(item.Event.Event.Id.String))];

    private protected static async Task<RpcException> Failure(Task call)
    {
        try
        {
            await call;
        }
        catch (RpcException error)
        {
            return error;
        }
        throw new AssertionException("The call succeeded, and should have failed.");
    }

    private protected static string? Trailer(RpcException error, string name) => error.Trailers.GetValue(name);
}
