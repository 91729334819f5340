using System.CommandLine;
using Metering.Bench;
using Metering.Bench.Processes;
using Metering.Bench.Reporting;

const string About = "Measures the write path beside what users would pick instead. infra/scripts/bench.sh starts the servers, then this.";
var folder = new Option<string>("--folder") { Required = true, Description = "Where data is kept meanwhile and the JSON in the end." };
var pgbench = new Option<string>("--pgbench") { Required = true, Description = "The program pgbench." };
var postgresPort = new Option<int>("--postgres-port") { Required = true };
var postgresPid = new Option<int>("--postgres-pid") { Required = true, Description = "Whose processor time is counted." };
var redisPort = new Option<int>("--redis-port") { Required = true };
var redisPid = new Option<int>("--redis-pid") { Required = true };
var eventStore = new Option<string?>("--eventstore") { Description = "An EventStoreDB or KurrentDB node to measure on, too: esdb://…" };
var quick = new Option<bool>("--quick") { Description = "The short form, below a minute: whether it works." };
var only = new Option<string?>("--only") { Description = $"Some parts, with commas between: {Suite.Parts}." };
var command = new RootCommand(About) { folder, pgbench, postgresPort, postgresPid, redisPort, redisPid, eventStore, quick, only };
command.SetAction(async arguments =>
{
    var settings = new Settings(
        Path.GetFullPath(arguments.GetValue(folder)!), arguments.GetValue(pgbench)!, arguments.GetValue(postgresPort),
        arguments.GetValue(postgresPid), arguments.GetValue(redisPort), arguments.GetValue(redisPid), arguments.GetValue(eventStore),
        arguments.GetValue(quick), arguments.GetValue(only));
    var report = new Report(Machine.Look(settings.Folder), settings.Quick, settings.EventStore);
    report.Head();
    await new Suite(settings, report).Run();
    report.Table();
    report.ScalingTable();
    var bars = Bars.Of(report);
    foreach (var bar in bars) Console.WriteLine(bar.Line());
    Console.WriteLine($"written: {await report.Results(bars).Save(settings.Folder)}");
    return report.AddsUp ? 0 : 1;
});
var host = new Argument<string>("host") { Description = "Where it serves gRPC: http://127.0.0.1:5100." };
var once = new Command("once", "Sends one Reserve to a host that runs already.") { host };
once.SetAction(arguments => Once.Reserve(new Uri(arguments.GetValue(host)!)));
command.Add(once);
var results = new Argument<FileInfo>("file") { Description = "The JSON of a run." }.AcceptExistingOnly();
var markdown = new Command("markdown", "Prints the tables of a run as Markdown.") { results };
markdown.SetAction(arguments =>
{
    try
    {
        Console.Write(Markdown.Of(Results.Read(arguments.GetValue(results)!)));
        return 0;
    }
    catch (InvalidDataException unreadable)
    {
        Console.Error.WriteLine(unreadable.Message);
        return 2;
    }
});
command.Add(markdown);
return await command.Parse(args).InvokeAsync();
