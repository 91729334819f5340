using System.Net;
using System.Net.Sockets;

namespace Metering.SystemTests;

/// <summary>Each service as a program of its own: what it says of itself, and what it refuses.</summary>
internal sealed class ProgramTests
{
    private const string Broker = "--Bus=amqp://guest:guest@127.0.0.1:1/";
    private string folder = null!;

    [SetUp]
    public void NewFolder() => folder = Directory.CreateTempSubdirectory("metering-tests-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [TestCase("Host", "Stripe:ApiKey")]
    [TestCase("Reservations", "Reservations:Grace")]
    [TestCase("Balances", "Balances:Accounts")]
    [TestCase("BillingSync", "Stripe:ApiBase")]
    public async Task Help_lists_the_settings_with_what_holds_without_them(string program, string setting)
    {
        var (code, said, _) = await ServiceProcess.Run(program, "--help");
        Assert.That(code, Is.Zero);
        var listed = said.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal)).ToArray();
        Assert.That(listed, Has.All.EndsWith("]").And.One.StartsWith($"  {setting} ").And.One.StartsWith("  DrainTimeout ")
            .And.One.StartsWith("  CallsMost "));
    }

    [TestCase("Reservations", "reservations", "--EventStore=memory", "EventStore is 'memory'")]
    [TestCase("Reservations", "reservations", "--Stripe:ApiKey=sk_test_x", "'--Stripe:ApiKey' is unknown")]
    [TestCase("Reservations", "reservations", "--DrainTimeout=-1", "DrainTimeout is '-1'")]
    [TestCase("Reservations", "reservations", "--CallsMost=0", "CallsMost is '0'")]
    [TestCase("Reservations", "reservations", "--config=nowhere.json", "--config is 'nowhere.json'")]
    [TestCase("Balances", "balances", "--Balances:ClosingAtOnce=4", "Bus is ''")]
    [TestCase("Balances", "balances", "--Balances:Accounts=nowhere", "Balances:Accounts", Broker)]
    [TestCase("BillingSync", "billing-sync", "--Bus=memory", "Bus is 'memory'")]
    [TestCase("BillingSync", "billing-sync", "--Stripe:Concurrency=8", "Stripe:ApiKey", Broker)]
    public async Task A_wrong_setting_ends_it_with_a_line(string program, string name, string setting, string wrong, params string[] others)
    {
        var (code, _, said) = await ServiceProcess.Run(program, [$"--DataFolder={folder}", setting, .. others]);
        Assert.That((code, said.Trim().Split('\n').Length), Is.EqualTo((2, 1)), said);
        Assert.That(said, Does.StartWith($"metering {name}: ").And.Contain(wrong).And.Contain("expected"));
    }

    [TestCase("""{ "Reservations": { "Graze": "00:00:01" } }""", "'Reservations:Graze' is unknown")]
    [TestCase("""{ "Reservations": """, "expected an object of settings in JSON")]
    [TestCase("""{ "Reservations": { "Grace": "02:00:00" } }""", "Grace")]
    public async Task A_wrong_file_ends_it_with_a_line(string settings, string wrong)
    {
        var file = Path.Combine(folder, "settings.json");
        await File.WriteAllTextAsync(file, settings);
        var (code, _, said) = await ServiceProcess.Run("Reservations", $"--DataFolder={folder}", "--config", file);
        Assert.That((code, said.Trim().Split('\n').Length), Is.EqualTo((2, 1)), said);
        Assert.That(said, Does.StartWith("metering reservations: ").And.Contain(wrong));
    }

    [Test]
    public async Task Arguments_go_before_the_file()
    {
        var file = Path.Combine(folder, "settings.json");
        await File.WriteAllTextAsync(file, """{ "Reservations": { "Grace": "02:00:00" } }""");
        await using var service = await HostProcess.StartOnly("Reservations", folder, "--Reservations:Grace=00:00:05", "--config", file);
        await service.Becomes(ready: true);
    }

    [TestCase("Balances")]
    [TestCase("BillingSync", "--Stripe:ApiKey=sk_test_x", "--Stripe:ApiBase=http://127.0.0.1:1")]
    public async Task It_starts_while_the_bus_is_away_and_is_ready_once_that_is_there(string program, params string[] settings)
    {
        var broker = new Uri(Servers.RabbitMq());
        using var door = new Door(broker.Host, broker.Port);
        var bus = new UriBuilder(broker) { Host = "127.0.0.1", Port = door.Port }.Uri.OriginalString;
        await using var service = await HostProcess.StartOnly(program, folder, [$"--Bus={bus}", .. settings]);
        Assert.That(await service.Becomes(ready: false), Does.Contain("bus: Unhealthy").Or.Contain("bus: Degraded"));
        door.Open();
        await service.Becomes(ready: true);
    }
}
