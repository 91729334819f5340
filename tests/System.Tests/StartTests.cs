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
