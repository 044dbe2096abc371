module logveil.example/logveil

go 1.25
