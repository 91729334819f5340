using System.Diagnostics;

namespace Metering.Messaging.Tests;

/// <summary>A RabbitMQ of a test's own, which it can stop and start. Its data stays in between and is deleted at the end.</summary>
internal sealed class PrivateNode : IAsyncDisposable
{
    private readonly string folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, "rabbitmq");
    private readonly int port;

    private PrivateNode(int port) => this.port = port;

    public string Address => $"amqp://guest:guest@127.0.0.1:{port}/";

    /// <summary>A node that is not started yet.</summary>
    public static async Task<PrivateNode> New() => new(int.Parse(await Bash(". infra/servers/common.sh && free_ports 3")));

    public Task Start() => Bash($"infra/servers/rabbitmq.sh start '{folder}' {port}");

    public Task Stop() => Bash($"infra/servers/rabbitmq.sh stop '{folder}'");

    public async ValueTask DisposeAsync() => await Bash(
        $"infra/servers/rabbitmq.sh stop '{folder}'; data=$(readlink -m '{folder}'); rm -rf \"$data\" '{folder}'");

    private static async Task<string> Bash(string command)
    {
        var start = new ProcessStartInfo("bash", ["-c", command])
        {
            WorkingDirectory = Root(), RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var complained = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, $"{command}: {complained}");
        return (await said).Trim();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Metering.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
