using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;
using Metering.Kernel.Streams.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Kernel.Tests.Streams;

public sealed class EventStreamsRegistrationTests
{
    private string _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("streams").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    private static ServiceProvider Services(string? eventStore, string? dataFolder)
    {
        var settings = new Dictionary<string, string?> { ["EventStore"] = eventStore, ["DataFolder"] = dataFolder };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        return new ServiceCollection().AddEventStreams(configuration).BuildServiceProvider();
    }

    [Test]
    public async Task Memory_is_memory()
    {
        await using var services = Services("memory", null);
        Assert.That(services.GetRequiredService<IEventStreams>(), Is.TypeOf<MemoryStreams>());
    }

    [TestCase("sqlite", "data/streams.db")]
    [TestCase(null, "data/streams.db")]
    [TestCase("sqlite:{0}/here/my.db", "here/my.db")]
    public async Task Sqlite_is_a_file_where_the_settings_say(string? eventStore, string file)
    {
        var setting = eventStore?.Replace("{0}", _folder, StringComparison.Ordinal);
        await using (var services = Services(setting, Path.Combine(_folder, "data")))
            Assert.That(services.GetRequiredService<IEventStreams>(), Is.TypeOf<SqliteStreams>());
        Assert.That(Path.Combine(_folder, file), Does.Exist);
    }

    [TestCase("esdb://127.0.0.1:1?tls=false")]
    [TestCase("kurrentdb+discover://admin:changeit@a:2113,b:2113")]
    public async Task A_connection_string_is_an_EventStoreDB_that_need_not_be_there(string eventStore)
    {
        await using var services = Services(eventStore, null);
        Assert.That(services.GetRequiredService<IEventStreams>(), Is.TypeOf<EventStoreStreams>());
    }

    [TestCase("esdb://a:b:c", "data", "EventStore is not a connection string")]
    [TestCase("esdb://a?tls=maybe", "data", "tls")]
    [TestCase("oracle", "data", "EventStore is 'oracle'")]
    [TestCase("sqlite:", "data", "EventStore is 'sqlite:'")]
    [TestCase("", "data", "EventStore is ''")]
    [TestCase("sqlite", null, "DataFolder")]
    public void What_is_not_known_is_refused_by_the_name_of_the_setting(string eventStore, string? folder, string message) =>
        Assert.That(() => Services(eventStore, folder), Throws.InvalidOperationException.With.Message.Contains(message));
}
