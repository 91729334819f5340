namespace Metering.Standins.Tests.Rpc;

/// <summary>A client in another language calls the .NET server: client.js makes the checks, one test each here.</summary>
internal sealed class NodeClientTests
{
    private static readonly string[] Checks =
    [
        "unary", "empty message", "client streaming", "server streaming", "empty server stream", "server stream that fails",
        "duplex streaming", "metadata both ways", "status, message and trailers", "unhandled exception", "unimplemented method",
        "deadline", "cancellation", "message above the limit", "gzip request", "gzip stream", "a thousand calls at once",
    ];

    private IReadOnlyList<string> _lines = [];

    [OneTimeSetUp]
    public async Task Run()
    {
        await NodeProgram.PrepareAsync();
        await using var plain = await InteropServer.StartAsync();
        await using var zipped = await InteropServer.StartAsync(grpc => grpc.ResponseCompressionAlgorithm = "gzip");
        await using var client = NodeProgram.Start("client.js", plain.Address.Authority, zipped.Address.Authority);
        _lines = await client.LinesAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await plain.Probe.Cancelled.Soon();
    }

    [TestCaseSource(nameof(Checks))]
    public void The_check_passes(string name) => Assert.That(_lines, Does.Contain($"ok {name}"));

    [Test]
    public void All_checks_are_expected_here() => Assert.That(_lines, Has.Count.EqualTo(Checks.Length));
}
