using System.Runtime.InteropServices;
using Metering.StripeSimulator;

try
{
    var command = CommandLine.Parse(args);
    if (!command.Help) return await RunAsync(command);
    await Console.Out.WriteLineAsync(CommandLine.Usage);
    return 0;
}
catch (Exception e) when (e is FormatException or ArgumentException or IOException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}

static async Task<int> RunAsync(CommandLine command)
{
    await using var simulator = await Simulator.StartAsync(command.Options);
    await Console.Out.WriteLineAsync($"stripe simulator: {simulator.Address.GetLeftPart(UriPartial.Authority)}");
    using var stop = new CancellationTokenSource();
    using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    if (command.StopWithInput) _ = Task.Run(WaitForEndOfInput);
    await simulator.WaitForShutdownAsync(stop.Token);
    return 0;

    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    void WaitForEndOfInput()
    {
        while (Console.In.Read() >= 0)
        {
            // What is written to it is nobody's business: only its end is.
        }

        stop.Cancel();
    }
}
