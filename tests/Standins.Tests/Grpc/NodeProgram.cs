using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;

namespace Metering.Standins.Tests.Rpc;

/// <summary>One of the Node programs next to these tests, as a child process that ends with its stdin.</summary>
internal sealed class NodeProgram : IAsyncDisposable
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly Task<string> _errors;

    private NodeProgram(string file, params string[] arguments)
    {
        _process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    private static string Folder { get; } = typeof(NodeProgram).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "NodeFolder").Value!;

    /// <summary>Sees to it that the programs can run: ignores the tests without Node, except where everything must be there.</summary>
    public static async Task PrepareAsync()
    {
        await RequireAsync("node");
        if (Directory.Exists(Path.Combine(Folder, "node_modules"))) return;
        await RequireAsync("npm");
        await using var npm = new NodeProgram("npm", "ci");
        await npm.LinesAsync().WaitAsync(InstallLimit);
        Assert.That(npm._process.ExitCode, Is.Zero, await npm._errors);
    }

    public static NodeProgram Start(string script, params string[] arguments) => new("node", [script, .. arguments]);

    /// <summary>The next line, or an assertion with what the program complained of.</summary>
    public async Task<string> LineAsync() =>
        await _process.StandardOutput.ReadLineAsync().Soon() ?? throw new AssertionException(await _errors);

    /// <summary>All lines until the program ends.</summary>
    public async Task<IReadOnlyList<string>> LinesAsync()
    {
        var text = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().Soon();
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    private static async Task RequireAsync(string program)
    {
        try
        {
            await using var version = new NodeProgram(program, "--version");
            await version.LinesAsync().Soon();
        }
        catch (Win32Exception)
        {
            var missing = $"{program} is not on the PATH";
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(missing);
            Assert.Ignore(missing);
        }
    }
}
