namespace Metering.SystemTests;

internal sealed class StartTests : SystemTest
{
    // bug: --stop-with-stdin took the next argument for its value, so the address asked for was not listened on
    [Test]
    public async Task Two_hosts_listen_where_they_are_told_to()
    {
        var other = Directory.CreateTempSubdirectory("metering-tests-");
        await using (var second = await HostProcess.Start(other.FullName)) Assert.That(second.Address, Is.Not.EqualTo(Host.Address));
        other.Delete(recursive: true);
    }

    [Test]
    public async Task An_address_in_use_ends_the_host_with_a_plain_message()
    {
        var (code, said) = await HostProcess.Fail(DataFolder, $"--Urls={Host.Address}");
        Assert.That(code, Is.EqualTo(1));
        Assert.That(said, Does.Contain("address already in use").And.Not.Contain("   at "));
    }

    [TestCase("--Reservations:Grace=abc", "Reservations:Grace", TestName = "A malformed setting is named")]
    [TestCase("--Stripe:Concurrency=0", "Stripe:", TestName = "A setting out of range is named")]
    [TestCase("--Stripe:ApiKey=", "Stripe:ApiKey", TestName = "An empty key is refused")]
    [TestCase("--Stripe:ApiKey=sk_test_x", "Stripe:ApiBase", TestName = "A key without the address it is for is refused")]
    [TestCase("--DataFodler=x", "--DataFodler", TestName = "An unknown setting is refused")]
    [TestCase("--EventStore", "--EventStore", TestName = "A setting without a value is refused")]
    [TestCase("serve", "serve", TestName = "An unknown argument is refused")]
    public async Task A_wrong_argument_ends_the_host_with_a_line(string argument, string name)
    {
        var (code, said) = await HostProcess.Fail(DataFolder, argument);
        Assert.That((code, said.Trim().Split('\n').Length), Is.EqualTo((2, 1)), said);
        Assert.That(said, Does.StartWith("metering host: ").And.Contain(name));
    }

    [Test]
    public async Task A_file_that_is_no_event_store_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("metering-tests-");
        var file = Path.Combine(folder.FullName, "streams.db");
        await File.WriteAllTextAsync(file, new string('x', 8_192));
        foreach (var dataFolder in new[] { folder.FullName, file })
        {
            var (code, said) = await HostProcess.Fail(dataFolder);
            Assert.That((code, said.Trim().Split('\n').Length), Is.EqualTo((1, 1)), said);
            Assert.That(said, Does.StartWith("metering host: ").And.Contain(file).And.Contain("DataFolder"));
        }
        folder.Delete(recursive: true);
    }

    [TestCase("--Urls=http://0.0.0.0:0", "Urls", TestName = "An address off loopback is refused")]
    [TestCase("--EventStore=nonsense", "EventStore", TestName = "An unknown event store is refused")]
    [TestCase("--Bus=nonsense", "Bus", TestName = "An unknown bus is refused")]
    public async Task A_wrong_setting_is_named(string setting, string name)
    {
        var (code, said) = await HostProcess.Fail(DataFolder, setting);
        Assert.That(code, Is.EqualTo(2));
        Assert.That(said, Does.Contain($"{name} is '").And.Contain("expected").And.Not.Contain("   at "));
    }
}
