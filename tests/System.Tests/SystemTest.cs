namespace Metering.SystemTests;

/// <summary>A host for the tests of one fixture.</summary>
internal abstract class SystemTest
{
    private string folder = null!;

    protected HostProcess Host { get; set; } = null!;
    protected string DataFolder => folder;

    [OneTimeSetUp]
    public async Task StartHost()
    {
        folder = Directory.CreateTempSubdirectory("metering-tests-").FullName;
        Host = await HostProcess.Start(folder);
    }

    [OneTimeTearDown]
    public async Task StopHost()
    {
        await Host.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
