using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework.Interfaces;

namespace Metering.StackTests;

/// <summary>The full stack of <c>infra/scripts/stack.sh</c>, in a folder and on ports of this test's own.</summary>
internal sealed class FullStack : IAsyncDisposable
{
    private const int Ports = 64;
    private static readonly List<string> Folders = [];

    private readonly string folder = Directory.CreateTempSubdirectory("metering-stack-").FullName;
    private readonly Dictionary<string, string> variables;

    private FullStack(int firstPort, IReadOnlyDictionary<string, string>? others)
    {
        Folders.Add(folder);
        variables = new(others ?? new Dictionary<string, string>())
        {
            ["FOLDER"] = folder, ["BASE"] = $"{firstPort}",
            // the stack's own servers: these are killed
            ["POSTGRES"] = "", ["RABBITMQ"] = "",
        };
        // empty is not set: once it was a setting of the services, which then wrote to one store or the other by chance
        variables.TryAdd("EVENTSTORE", "");
    }

    /// <summary>Where it is: <c>METERING_RESERVATIONS</c> and the rest.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; private set; } = new Dictionary<string, string>();

    /// <summary>Starts all of it and waits until all of it is ready.</summary>
    public static async Task<FullStack> Start(IReadOnlyDictionary<string, string>? variables = null)
    {
        var stack = new FullStack(FreePorts(), variables);
        try
        {
            await stack.Up();
            var said = await stack.Script("settings");
            stack.Settings = said.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts what does not run and waits until all of it is ready.</summary>
    public Task Up() => Script("up");

    /// <summary>What <c>make status</c> says; fails unless all of it is ready.</summary>
    public Task<string> Status() => Script("status");

    /// <summary>kill -9 of one process by its name in <c>make status</c>.</summary>
    public async Task Kill(string name)
    {
        using var process = Process.GetProcessById(await PidOf(name));
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync() => await Script("down");

    /// <summary>After a test: before, whether it failed is not known.</summary>
    public static void KeepIfFailed()
    {
        var failed = TestContext.CurrentContext.Result.Outcome.Status == TestStatus.Failed;
        foreach (var folder in Folders)
            if (failed) TestContext.Out.WriteLine($"logs and data: {folder}");
            else Directory.Delete(folder, recursive: true);
        Folders.Clear();
    }

    private async Task<int> PidOf(string name) => name switch
    {
        "postgres" or "rabbitmq" => int.Parse(await Run($"infra/servers/{name}.sh", "pid", Path.Combine(folder, name))),
        _ => int.Parse(await File.ReadAllTextAsync(Path.Combine(folder, name + ".pid"))),
    };

    private Task<string> Script(string verb) => Run("infra/scripts/stack.sh", verb);

    private async Task<string> Run(string script, params string[] arguments)
    {
        var ran = await Bash.Run(variables, [script, .. arguments]);
        return ran.Code == 0
            ? ran.Said
            : throw new InvalidOperationException($"{script} {string.Join(' ', arguments)}: {ran.Said}{ran.Complained}");
    }

    private static int FreePorts()
    {
        var first = Random.Shared.Next(200, 300) * 100;
        while (!Enumerable.Range(first, Ports).All(IsFree)) first = Random.Shared.Next(200, 300) * 100;
        return first;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
