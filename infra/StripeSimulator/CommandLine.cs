using System.Globalization;

namespace Metering.StripeSimulator;

internal sealed record CommandLine(SimulatorOptions Options, bool StopWithInput = false, bool Help = false)
{
    internal const string Usage = """
        Usage: StripeSimulator [options]

        A stand-in for the part of Stripe that usage is reported to. It bills nobody and asks for no real key.

          --urls URL          where to listen; loopback only (default http://127.0.0.1:0, any free port)
          --port N            the same, on 127.0.0.1
          --rate-limit N      refuse more than N requests per second and account (a sandbox of the real one takes 25)
          --any-customer      take usage of customers never heard of (else it is answered 200, then dropped)
          --meter EVENT_NAME  an active sum meter of that event name in every account; may be repeated
          --stop-with-stdin   stop when standard input closes, so that it ends with the program that started it
          --help              this text
        """;

    internal static CommandLine Parse(IEnumerable<string> arguments)
    {
        var left = new Queue<string>(arguments);
        var parsed = new CommandLine(new SimulatorOptions());
        while (left.TryDequeue(out var name)) parsed = parsed.With(name, left);
        return parsed;
    }

    private CommandLine With(string name, Queue<string> left) => name switch
    {
        "--help" or "-h" => this with { Help = true },
        "--urls" => this with { Options = Options with { Address = new Uri(Value(name, left)) } },
        "--port" => this with { Options = Options with { Address = new Uri($"http://127.0.0.1:{Number(name, left)}") } },
        "--rate-limit" => this with { Options = Options with { RateLimit = Number(name, left) } },
        "--any-customer" => this with { Options = Options with { AnyCustomer = true } },
        "--meter" => this with { Options = Options with { Meters = [.. Options.Meters, Value(name, left)] } },
        "--stop-with-stdin" => this with { StopWithInput = true },
        _ => throw new FormatException($"Unknown option {name}."),
    };

    private static string Value(string name, Queue<string> left) =>
        left.TryDequeue(out var value) ? value : throw new FormatException($"{name} needs a value.");

    private static int Number(string name, Queue<string> left) =>
        int.TryParse(Value(name, left), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{name} needs a number.");
}
