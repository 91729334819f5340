namespace Metering.StackTests;

/// <summary>How <c>stack.sh</c> tells that a service is ready, and waits for it: its functions, asked one by one.</summary>
public sealed class AwaitTests
{
    private const string Ready = "HTTP/1.1 200 OK\r\n\r\nHealthy\n";
    private const string Lacking = "reservations: Unhealthy the event store is away";
    private const string NotReady = $"HTTP/1.1 503 Service Unavailable\r\n\r\nUnhealthy\n{Lacking}\n";
    private const string Running = "echo $$ >\"$folder/one.pid\"";
    private const string Gone = ": & wait $!; echo $! >\"$folder/one.pid\"";

    private string folder = "";

    [SetUp]
    public void MakeFolder()
    {
        folder = Directory.CreateTempSubdirectory("metering-await-").FullName;
        File.WriteAllText(Path.Combine(folder, "one.log"), "the end\n");
    }

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task A_long_answer_is_as_good_as_a_short_one()
    {
        // more than a pipe holds: that a reader left after the first line is noticed for certain, and not by chance
        using var service = new HealthDouble(Ready + new string('.', 1 << 20));
        Assert.That((await Ask($"is_ready {service.Port}")).Code, Is.Zero);
    }

    [Test]
    public async Task What_has_been_ready_is_not_asked_again()
    {
        using var service = new HealthDouble(Ready, NotReady);
        var ran = await Ask($"{Running}; await one {service.Port}");
        Assert.That(ran.Code, Is.Zero, ran.Complained);
    }

    [Test]
    public async Task A_process_that_is_no_dotnet_yet_is_waited_for()
    {
        using var service = new HealthDouble(NotReady, NotReady, Ready);
        var ran = await Ask($"{Running}; await one {service.Port}");
        Assert.That(ran.Code, Is.Zero, ran.Complained);
    }

    [Test]
    public async Task What_has_ended_is_not_waited_for()
    {
        var service = new HealthDouble(NotReady);
        service.Dispose();
        var ran = await Ask($"{Gone}; await one {service.Port}");
        Assert.That((ran.Code, ran.Complained), Is.EqualTo((1, Complaint("has ended", lacks: ""))));
    }

    [Test]
    public async Task What_is_not_ready_in_time_says_what_it_lacks()
    {
        using var service = new HealthDouble(NotReady);
        var ran = await Ask($"{Running}; patience=0; await one {service.Port}");
        Assert.That((ran.Code, ran.Complained), Is.EqualTo((1, Complaint("is not ready after 0 s", $"      {Lacking}\n"))));
    }

    private string Complaint(string about, string lacks) =>
        $"one {about}; the end of {folder}/one.log:\nthe end\n{lacks}what else was started still runs: make status, make down\n";

    private Task<Bash.Ran> Ask(string command) =>
        Bash.Run(new Dictionary<string, string> { ["FOLDER"] = folder }, "-c", $". infra/scripts/stack.sh; {command}");
}
