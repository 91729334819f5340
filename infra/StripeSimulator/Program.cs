using System.Globalization;
using Metering.StripeSimulator;

const string usage = """
    Usage: StripeSimulator [options]

    A stand-in for the part of Stripe that usage is reported to. It bills nobody and asks for no real key.

      --urls URL          where to listen; loopback only (default http://127.0.0.1:0, any free port)
      --port N            the same, on 127.0.0.1
      --rate-limit N      refuse more than N requests per second and account (a sandbox of the real one takes 25)
      --any-customer      take usage of customers never heard of (else it is answered 200, then dropped)
      --stop-with-stdin   stop when standard input closes, so that it ends with the program that started it
      --help              this text
    """;

var options = new SimulatorOptions();
var stopWithInput = false;
try
{
    for (var i = 0; i < args.Length; i++)
    {
        string Next() => ++i < args.Length ? args[i] : throw new FormatException($"{args[i - 1]} needs a value.");
        int Number() => int.Parse(Next(), NumberStyles.None, CultureInfo.InvariantCulture);
        switch (args[i])
        {
            case "--help" or "-h": Console.WriteLine(usage); return 0;
            case "--urls": options = options with { Address = new Uri(Next()) }; break;
            case "--port": options = options with { Address = new Uri($"http://127.0.0.1:{Number()}") }; break;
            case "--rate-limit": options = options with { RateLimit = Number() }; break;
            case "--any-customer": options = options with { AnyCustomer = true }; break;
            case "--stop-with-stdin": stopWithInput = true; break;
            default: throw new FormatException($"Unknown option {args[i]}.");
        }
    }

    await using var simulator = await Simulator.StartAsync(options);
    await Console.Out.WriteLineAsync($"stripe simulator: {simulator.Address.GetLeftPart(UriPartial.Authority)}");
    using var stop = new CancellationTokenSource();
    using var interrupted = System.Runtime.InteropServices.PosixSignalRegistration.Create(
        System.Runtime.InteropServices.PosixSignal.SIGINT, signal => { signal.Cancel = true; stop.Cancel(); });
    using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(
        System.Runtime.InteropServices.PosixSignal.SIGTERM, signal => { signal.Cancel = true; stop.Cancel(); });
    if (stopWithInput) _ = Task.Run(() => { while (Console.In.Read() >= 0) { } stop.Cancel(); });
    await simulator.WaitForShutdownAsync(stop.Token);
    return 0;
}
catch (Exception e) when (e is FormatException or UriFormatException or OverflowException or ArgumentException or IOException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}
