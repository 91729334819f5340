using System.Globalization;
using System.Runtime.InteropServices;
using Metering.EventStoreDouble.Hosting;

const string usage = """
    Usage: EventStoreDouble [options]

    A double of an EventStoreDB node for tests and trials. It is not EventStoreDB, and keeps everything in memory.

      --port N            the first node's port on 127.0.0.1 (default: any free one)
      --nodes N           how many nodes; the first is the leader (default 1)
      --tls               speak TLS, with a certificate that nobody signed
      --user NAME:SECRET  the credentials that streams ask for (default: none); clients send them over TLS only
      --stop-with-stdin   stop when standard input closes, so that it ends with the program that started it
      --help              this text
    """;

var options = new DoubleOptions();
var stopWithInput = false;
for (var left = new Queue<string>(args); left.TryDequeue(out var name);)
{
    var value = name is "--help" or "--stop-with-stdin" or "--tls" ? "" : left.Count > 0 ? left.Dequeue() : null;
    var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : -1;
    switch (name, value)
    {
        case ("--help", _):
            Console.WriteLine(usage);
            return 0;
        case ("--stop-with-stdin", _): stopWithInput = true; break;
        case ("--tls", _): options = options with { Tls = true }; break;
        case ("--port", _) when number is >= 0 and <= 65_535: options = options with { Port = number }; break;
        case ("--nodes", _) when number is >= 1 and <= 9: options = options with { Nodes = number }; break;
        case ("--user", { } user) when user.Contains(':', StringComparison.Ordinal):
            var colon = user.IndexOf(':', StringComparison.Ordinal);
            options = options with { Credentials = (user[..colon], user[(colon + 1)..]) };
            break;
        default:
            await Console.Error.WriteLineAsync($"{name} {value}: not an option with such a value\n{usage}");
            return 2;
    }
}

var stop = new TaskCompletionSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
if (stopWithInput) _ = Task.Run(async () => { while (await Console.In.ReadLineAsync() is not null) { } stop.TrySetResult(); });
await using var cluster = await DoubleCluster.Start(options);
Console.WriteLine($"EventStoreDB double: {cluster.ConnectionString}");
await stop.Task;
return 0;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.TrySetResult();
}
